import { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { batchesOf, CommittedReader, commits, endOf } from './committed-reader.ts'
import { errorOf } from './error-of.ts'
import { fetchFrom } from './fetch-from.ts'
import type { ReadRecord } from './produced-records.ts'
import type { Connection } from './simulated-network.ts'
import type { World } from './world.ts'

/** A transaction of one partition that was aborted: from its first record to its marker. */
interface Aborted {
  readonly producerId: bigint
  readonly firstOffset: bigint
  readonly lastOffset: bigint
}

interface WholeLog {
  readonly records: readonly ReadRecord[]
  readonly aborted: readonly Aborted[]
  readonly end: bigint
}

const rangesTried = 6

/** When all is over: what the logs hold, and what readers are told of it. */
export class FinalReads {
  readonly #world: World
  readonly #connection: Connection

  constructor(world: World) {
    this.#world = world
    this.#connection = world.network.connect('last reader')
  }

  /** Reads every partition from its beginning to its end, and compares; with what the readers saw that followed them. */
  async checkLogs(readers: readonly CommittedReader[]): Promise<void> {
    const { records, transactions } = this.#world
    const committed = new Map<string, readonly string[]>()
    for (const partition of records.partitions()) {
      const log = await this.#readAll(partition)
      records.checkLog(partition, log.records)
      const reader = new CommittedReader(this.#world, partition)
      while (await reader.read(0)) {}
      committed.set(partition, reader.values)
      await this.#checkAbortedLists(partition, log)
    }
    transactions.checkWhole(committed)
    transactions.checkLoops(committed)
    for (const { partition, values } of readers) this.#checkFollower(partition, values, committed.get(partition) ?? [])
    this.#connection.close()
  }

  /** Whoever followed a partition has seen what is there in the end, and nothing else. */
  #checkFollower(partition: string, values: readonly string[], all: readonly string[]): void {
    const at = values.findIndex((value, index) => value !== all[index])
    if (at === -1) return
    const what = `a reader of ${partition} was given ${values[at]} as its record ${at}; in the end that is ${all[at]}`
    this.#world.violations.report('committed-reads', what)
  }

  async checkTransactions(transactionalIds: readonly string[]): Promise<void> {
    const { violations } = this.#world
    if (transactionalIds.length === 0) return
    const { transactionStates } = await this.#connection.ask(describeTransactions, 0, { transactionalIds })
    for (const { transactionalId, errorCode, transactionState } of transactionStates) {
      const error = errorOf(errorCode)
      const isOver = ['Empty', 'CompleteCommit', 'CompleteAbort', 'Dead'].includes(transactionState)
      if (error === 'TRANSACTIONAL_ID_NOT_FOUND' || (error === 'NONE' && isOver)) continue
      violations.report('transactions-end', `${transactionalId} is in ${transactionState} (${error}) when all is over`)
    }
  }

  /** As each consumer of committed records is told: the aborted transactions of what it was given, all of them and no others. */
  async #checkAbortedLists(partition: string, { aborted, end }: WholeLog): Promise<void> {
    const { dice, violations } = this.#world
    for (let count = 0; count < rangesTried && end > 0n; count += 1) {
      const from = BigInt(dice.roll(Number(end)))
      const fetched = await fetchFrom(this.#connection, partition, from, 1, 0, dice.between(100, 5000))
      if (fetched === null) continue
      const upTo = endOf(fetched, from)
      const expected = aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < upTo)
      const told = fetched.abortedTransactions
      if (namesOf(told) === namesOf(expected)) continue
      const what = `${partition} from ${from} to ${upTo}: told were ${namesOf(told)}, aborted were ${namesOf(expected)}`
      violations.report('aborted-list', what)
    }
  }

  async #readAll(partition: string): Promise<WholeLog> {
    const { violations } = this.#world
    const records: ReadRecord[] = []
    const aborted: Aborted[] = []
    const open = new Map<bigint, bigint>()
    for (let next = 0n; ; ) {
      const fetched = await fetchFrom(this.#connection, partition, next, 0)
      if (fetched === null) {
        violations.report('answered', `${partition} cannot be read in the end`)
        return { records, aborted, end: next }
      }
      if (next >= fetched.highWatermark) {
        for (const [producerId, offset] of open) {
          violations.report(
            'transactions-end',
            `${partition}: the transaction of producer ${producerId} from ${offset} on is open`,
          )
        }
        if (fetched.lastStableOffset !== fetched.highWatermark) {
          const what = `${partition}: readers of committed records come to ${fetched.lastStableOffset}, not to ${fetched.highWatermark}`
          violations.report('transactions-end', what)
        }
        return { records, aborted, end: next }
      }
      const from = next
      for (const batch of batchesOf(fetched)) {
        next = batch.nextOffset
        const { producerId } = batch
        if (batch.isControl) {
          const firstOffset = open.get(producerId)
          open.delete(producerId)
          if (firstOffset !== undefined && commits(batch) === false) {
            aborted.push({ producerId, firstOffset, lastOffset: batch.lastOffset })
          }
          continue
        }
        if (batch.isTransactional && !open.has(producerId)) open.set(producerId, batch.baseOffset)
        for (const { offset, value } of recordsOf(batch, 1 << 20)) {
          if (offset >= from) records.push({ offset, value: value?.toString() ?? '' })
        }
      }
      if (next === from) {
        violations.report('answered', `${partition} has nothing to read at ${next}, below its high watermark`)
        return { records, aborted, end: next }
      }
    }
  }
}

const namesOf = (aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[]): string =>
  aborted
    .map(({ producerId, firstOffset }) => `${producerId}@${firstOffset}`)
    .sort()
    .join(' ')
