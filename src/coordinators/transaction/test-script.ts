import { errorName } from '../../../protocol/errors.ts'
import type { CoordinatorRecord, Decision, Reply, TimerChange } from '../machine.ts'
import { readRecord, transactionOf } from './records.ts'
import { add, end, init, partitionList, TestTransactions } from './test-transactions.ts'
import { listPartitions, type Transaction } from './transaction.ts'
import type {
  AddPartitionsAnswer,
  DescribedTransaction,
  EndTxnResponse,
  InitProducerIdResponse,
  ListTransactionsResponse,
  TransactionEffect,
  TransactionPartition,
  TransactionRequest,
} from './transaction-request.ts'

type Words = Readonly<Record<string, string>>

/**
 * Plays a script: each command line is followed by everything that it led to, indented. The same script with what came
 * out this time is given back, so that a test compares the two and a change is read as a difference.
 */
export function playScript(script: string): string {
  const player = new ScriptPlayer()
  const lines: string[] = []
  for (const line of script.split('\n')) {
    if (line.startsWith('  ')) continue
    lines.push(line)
    if (line === '' || line.startsWith('#')) continue
    const [command = '', ...rest] = line.split(' ')
    lines.push(...player.run(command, wordsOf(rest)).map((out) => `  ${out}`))
  }
  return lines.join('\n')
}

/** `name=value` words; a bare first one is `arg0`. */
function wordsOf(parts: readonly string[]): Words {
  return Object.fromEntries(
    parts.map((part, index) => {
      const at = part.indexOf('=')
      return at < 0 ? [`arg${index}`, part] : [part.slice(0, at), part.slice(at + 1)]
    }),
  )
}

const latest = { InitProducerId: 5, AddPartitions: 3, EndTxn: 4, DescribeTransaction: 0, ListTransactions: 2 }

class ScriptPlayer {
  #transactions = new TestTransactions()
  readonly #asked = new Map<number, TransactionRequest['api']>()

  run(command: string, words: Words): string[] {
    const transactions = this.#transactions
    const transactionalId = words['arg0'] ?? ''
    switch (command) {
      case 'settings':
        this.#transactions = new TestTransactions(
          Object.fromEntries(Object.entries(words).map(([name, value]) => [name, Number(value)])),
        )
        return []
      case 'transaction-version':
        transactions.transactionVersion = Number(words['arg0'])
        return []
      case 'advance':
        return transactions
          .advance(Number(words['arg0']))
          .flatMap(({ timer, decision }) => [`expired ${timer}`, ...this.#print(decision).map((out) => `  ${out}`)])
      case 'restart':
        return this.#print(transactions.restart())
      case 'show':
        return [...transactions.machine.transactions.values()].map(printTransaction)
      case 'drawn':
        return this.#print(transactions.drawn(transactionalId))
      case 'refused': {
        const effect = transactions.effect('producer-id', transactionalId)
        return this.#print(transactions.settle(effect, { kind: 'refused', error: 'COORDINATOR_LOAD_IN_PROGRESS' }))
      }
      case 'written':
        return this.#print(transactions.markersWritten(transactionalId))
      case 'store':
        transactions.store(stored(words))
        return []
      default:
        return this.#request(requestOf(command, words), words)
    }
  }

  #request(request: TransactionRequest, words: Words): string[] {
    this.#asked.set(this.#transactions.lastRequestId + 1, request.api)
    return this.#print(this.#transactions.request(request, Number(words['version'] ?? latest[request.api])))
  }

  #print(decision: Decision<TransactionEffect>): string[] {
    return [
      ...decision.records.map((record) => `record ${printRecord(record)}`),
      ...decision.replies.map((reply) => `reply ${this.#printReply(reply)}`),
      ...decision.effects.map((effect) => `effect ${printEffect(effect)}`),
      ...decision.timers.map(printTimer),
    ]
  }

  #printReply({ id, response }: Reply): string {
    const api = this.#asked.get(id)
    return `#${id} ${api} ${printResponse(api, response)}`
  }
}

const bigintOf = (text: string | undefined, otherwise: bigint): bigint => (text === undefined ? otherwise : BigInt(text))

function stored(words: Words): Partial<Transaction> {
  return {
    transactionalId: words['arg0'] ?? 't',
    producerId: bigintOf(words['producer'], 500n),
    previousProducerId: bigintOf(words['producer'], 500n),
    producerEpoch: Number(words['epoch'] ?? 0),
    lastUpdateTimestamp: 1_000_000n,
  }
}

function requestOf(command: string, words: Words): TransactionRequest {
  const transactionalId = words['arg0'] ?? ''
  const producerId = bigintOf(words['producer'], -1n)
  const producerEpoch = Number(words['epoch'] ?? -1)
  switch (command) {
    case 'init':
      return init({ transactionalId, producerId, producerEpoch, transactionTimeoutMs: Number(words['timeout'] ?? 60_000) })
    case 'add':
    case 'verify': {
      const producer = { id: producerId, epoch: producerEpoch }
      const partitions = partitionList(words['partitions'] ?? 'orders:0')
      const transactionVersion = words['client'] === '2' ? 2 : 0
      return add({ transactionalId, producer, partitions, transactionVersion, verifyOnly: command === 'verify' })
    }
    case 'commit':
    case 'abort':
      return end({ transactionalId, producerId, producerEpoch, committed: command === 'commit' })
    case 'describe':
      return { api: 'DescribeTransaction', transactionalId }
    case 'list':
      return { api: 'ListTransactions', request: listRequest(words) }
    default:
      throw new Error(`There is no command "${command}".`)
  }
}

const split = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(','))

const listRequest = (words: Words) => ({
  stateFilters: split(words['states']),
  producerIdFilters: split(words['producers']).map(BigInt),
  durationFilter: bigintOf(words['duration'], -1n),
  transactionalIdPattern: null,
})

const printPartitions = (partitions: readonly TransactionPartition[]): string =>
  `[${partitions.map(({ topic, partition }) => `${topic}:${partition}`).join(' ')}]`

function printTransaction(transaction: Transaction): string {
  const { transactionalId, state, producerId, producerEpoch, previousProducerId, nextProducerId } = transaction
  const others = [
    ...(previousProducerId === producerId ? [] : [`previous=${previousProducerId}`]),
    ...(nextProducerId === -1n ? [] : [`next=${nextProducerId}`]),
    ...(transaction.startTimestamp === -1n ? [] : [`start=${transaction.startTimestamp}`]),
  ].map((word) => ` ${word}`)
  const partitions = state === 'Empty' ? '' : ` ${printPartitions(listPartitions(transaction.partitions))}`
  const version = `client=${transaction.clientTransactionVersion}`
  return `${transactionalId} ${state} ${producerId}/${producerEpoch} ${version}${others.join('')}${partitions}`
}

function printRecord(record: CoordinatorRecord): string {
  const said = readRecord(record)
  if (said === null) return 'of another kind'
  const { transactionalId, value } = said
  return value === null ? `${transactionalId} removed` : printTransaction(transactionOf(transactionalId, value, undefined))
}

function printEffect(effect: TransactionEffect): string {
  if (effect.kind === 'producer-id') return `producer-id for ${effect.transactionalId}`
  const { transactionalId, producer, commit, transactionVersion, partitions } = effect
  const marker = `${commit ? 'commit' : 'abort'} ${producer.id}/${producer.epoch} version=${transactionVersion}`
  return `markers of ${transactionalId} ${marker} ${printPartitions(partitions)}`
}

const printTimer = (change: TimerChange): string =>
  'set' in change ? `timer ${change.set} in ${change.delayMs}` : `cancel ${change.cancel}`

const nameOf = (code: number): string => errorName(code) ?? String(code)

function printResponse(api: TransactionRequest['api'] | undefined, response: object): string {
  switch (api) {
    case 'InitProducerId':
    case 'EndTxn': {
      const { errorCode, producerId, producerEpoch } = response as InitProducerIdResponse | EndTxnResponse
      return producerId === -1n ? nameOf(errorCode) : `${nameOf(errorCode)} ${producerId}/${producerEpoch}`
    }
    case 'AddPartitions': {
      const { errorCode, missing } = response as AddPartitionsAnswer
      return missing.length === 0 ? nameOf(errorCode) : `${nameOf(errorCode)} missing ${printPartitions(missing)}`
    }
    case 'DescribeTransaction': {
      const said = response as DescribedTransaction
      if (said.errorCode !== 0) return nameOf(said.errorCode)
      const topics = said.topics.map(({ topic, partitions }) => `${topic}:${partitions.join('+')}`)
      const times = `timeout=${said.transactionTimeoutMs} start=${said.transactionStartTimeMs}`
      return `${said.transactionState} ${said.producerId}/${said.producerEpoch} ${times} [${topics.join(' ')}]`
    }
    default: {
      const { errorCode, unknownStateFilters, transactionStates } = response as ListTransactionsResponse
      const found = transactionStates.map((one) => `${one.transactionalId}=${one.transactionState}/${one.producerId}`)
      const unknown = unknownStateFilters.length === 0 ? '' : ` unknown=${unknownStateFilters.join(',')}`
      return `${nameOf(errorCode)} [${found.join(' ')}]${unknown}`
    }
  }
}
