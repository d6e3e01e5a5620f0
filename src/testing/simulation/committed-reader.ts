import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { decodeEndTransactionMarker } from '../../../protocol/records/control-record.ts'
import { type RecordBatch, recordBatches } from '../../../protocol/records/record-batch.ts'
import { type FetchedRecords, fetchFrom } from './fetch-from.ts'
import type { ReadRecord } from './produced-records.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import type { World } from './world.ts'

/** A consumer of committed records: follows a partition from its beginning, and leaves out what was aborted. */
export class CommittedReader {
  readonly #world: World
  readonly #connection: Connection
  readonly partition: string
  /** What it was given, in order. */
  readonly values: string[] = []
  #next = 0n

  constructor(world: World, partition: string) {
    this.#world = world
    this.partition = partition
    this.#connection = world.network.connect(`reader of ${partition}`)
  }

  async live(): Promise<void> {
    const { time, dice, isEnding } = this.#world
    while (!isEnding()) {
      try {
        await this.read(dice.pick([0, 500, 20_000]))
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await time.sleep(dice.between(1000, 40_000))
    }
    this.#connection.close()
  }

  /** One Fetch. False: there was nothing new. */
  async read(maxWaitMs: number): Promise<boolean> {
    const from = this.#next
    const fetched = await fetchFrom(this.#connection, this.partition, from, 1, maxWaitMs)
    if (fetched === null) return false
    for (const { offset, value } of committedRecords(fetched, from)) {
      this.#world.transactions.read(this.partition, offset, value)
      this.values.push(value)
    }
    this.#next = endOf(fetched, from)
    return this.#next > from
  }
}

/** As clients tell committed records from aborted ones: by the list that comes with them, and the markers among them. */
export function* committedRecords(fetched: FetchedRecords, from: bigint): Generator<ReadRecord, void, undefined> {
  const aborted = [...fetched.abortedTransactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const abortedProducers = new Set<bigint>()
  for (const batch of batchesOf(fetched)) {
    while (aborted[0] !== undefined && aborted[0].firstOffset <= batch.lastOffset) {
      abortedProducers.add(aborted.shift()!.producerId)
    }
    if (batch.isControl) {
      if (commits(batch) === false) abortedProducers.delete(batch.producerId)
      continue
    }
    if (batch.isTransactional && abortedProducers.has(batch.producerId)) continue
    for (const { offset, value } of recordsOf(batch, 1 << 20)) {
      if (offset >= from) yield { offset, value: value?.toString() ?? '' }
    }
  }
}

/** Whether a control batch ends a transaction by a commit; null: it ends none. */
export function commits(batch: RecordBatch): boolean | null {
  for (const { key, value } of recordsOf(batch, 1 << 20)) return decodeEndTransactionMarker(key, value)?.commit ?? null
  return null
}

export function endOf(fetched: FetchedRecords, from: bigint): bigint {
  let end = from
  for (const batch of batchesOf(fetched)) end = batch.nextOffset
  return end
}

export const batchesOf = ({ records }: FetchedRecords): Iterable<RecordBatch> => recordBatches(records?.view() ?? Buffer.alloc(0))
