import type { ErrorName } from '../../../protocol/errors.ts'
import { endTxn } from '../../../protocol/messages/end-txn.ts'
import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import { errorOf, passingInTransactions } from '../simulation/error-of.ts'
import { type Connection, ConnectionLost } from '../simulation/simulated-network.ts'
import type { TransactionOutcome } from './promised-state.ts'
import { valueFor } from './sent-records.ts'
import { type KnownTopic, repeat, type Workload } from './workload.ts'

const transactionalId = 'ledger'
export const transactionTimeoutMs = 2000
const attemptsMax = 100

/** A transactional producer (transaction version 2): a few batches to some partitions of a topic, then a commit or an abort. */
export class TransactionalWriter {
  readonly #workload: Workload
  readonly #connection: Connection
  readonly #topicName: string
  #producer: { readonly id: bigint; readonly epoch: number } | null = null
  #count = 0

  constructor(workload: Workload, topicName: string) {
    this.#workload = workload
    this.#topicName = topicName
    this.#connection = workload.network.connect('transactional')
  }

  live(): Promise<void> {
    return repeat(this.#workload, [0, 60], async () => {
      const topic = this.#workload.topics.get(this.#topicName)
      if (topic === undefined) return
      if (this.#producer === null) await this.#begin()
      else await this.#transact(topic)
    })
  }

  async #begin(): Promise<void> {
    const response = await this.#connection.ask(initProducerId, 5, { transactionalId, transactionTimeoutMs })
    if (errorOf(response.errorCode) === 'NONE') this.#producer = { id: response.producerId, epoch: response.producerEpoch }
  }

  async #transact(topic: KnownTopic): Promise<void> {
    const { dice, promises, sent, time } = this.#workload
    const transaction = `t${this.#count++}`
    const timestampMs = time.nowMs
    const batches = Array.from({ length: dice.between(1, 3) }, () => {
      const partition = dice.roll(topic.plan.partitions)
      const names = Array.from({ length: dice.between(1, 3) }, () =>
        sent.add({ partition: `${topic.topicId}/${partition}`, key: null, timestampMs, once: true }),
      )
      return { partition, names }
    })
    const records = batches.flatMap(({ names }) => names)
    promises.add((state) => void state.transactions.set(transaction, { outcome: 'open', records }))
    const written = await this.#write(topic, batches, timestampMs)
    const committed = written && dice.chance(0.7)
    this.#becomes(transaction, committed ? 'committing' : 'aborting')
    if (await this.#end(committed)) this.#becomes(transaction, committed ? 'committed' : 'aborted')
    else this.#producer = null
  }

  #becomes(transaction: string, outcome: TransactionOutcome): void {
    this.#workload.promises.add((state) => {
      state.transactions.get(transaction)!.outcome = outcome
    })
  }

  async #write(
    { topicId, plan }: KnownTopic,
    batches: readonly { readonly partition: number; readonly names: readonly string[] }[],
    timestampMs: number,
  ): Promise<boolean> {
    const { promises } = this.#workload
    const sequences = new Map<number, number>()
    const { id: producerId, epoch: producerEpoch } = this.#producer!
    for (const { partition, names } of batches) {
      const baseSequence = sequences.get(partition) ?? 0
      const answer = await this.#until(async () => {
        const bytes = buildRecordBatch(
          names.map((name) => ({ key: null, timestamp: BigInt(timestampMs), value: valueFor(name, 50) })),
          { producerId, producerEpoch, baseSequence, isTransactional: true },
        )
        const partitionData = [{ index: partition, records: new OwnedRecords(bytes) }]
        const topicData = [{ name: plan.name, partitionData }]
        const response = await this.#connection.ask(produce, 12, { transactionalId, acks: -1, timeoutMs: 30_000, topicData })
        const answered = response.responses[0]?.partitionResponses[0]
        return { error: errorOf(answered?.errorCode), baseOffset: answered?.baseOffset ?? -1n }
      })
      if (answer.error !== 'NONE') return false
      promises.add((state) => {
        const promised = state.partition(topicId, partition)
        for (const [at, name] of names.entries()) promised.records.set(answer.baseOffset + BigInt(at), name)
      })
      sequences.set(partition, baseSequence + names.length)
    }
    return true
  }

  /** False: nobody knows. */
  async #end(committed: boolean): Promise<boolean> {
    const { id: producerId, epoch: producerEpoch } = this.#producer!
    const { error } = await this.#until(async () => {
      const response = await this.#connection.ask(endTxn, 5, { transactionalId, producerId, producerEpoch, committed })
      if (errorOf(response.errorCode) === 'NONE') this.#producer = { id: response.producerId, epoch: response.producerEpoch }
      return { error: errorOf(response.errorCode) }
    })
    return error === 'NONE'
  }

  /** Until it passes; then the answer, whatever it says. */
  async #until<T extends { readonly error: ErrorName }>(ask: () => Promise<T>): Promise<T> {
    const { time, dice, isEnding } = this.#workload
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await ask()
        if (!passingInTransactions.has(answer.error)) return answer
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      // Whoever gives up has been told nothing.
      if (isEnding() || attempt === attemptsMax) throw new ConnectionLost()
      await time.sleep(dice.between(5, 60))
    }
  }
}
