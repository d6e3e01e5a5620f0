import type { PartitionId, PartitionStorage } from '../../storage/storage.ts'
import type { AbortedTransaction } from '../aborted-transactions.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogState } from '../log-state.ts'
import type { PartitionLog } from '../partition-log.ts'
import type { RangeChanges } from '../range-changes.ts'
import type { CleanerOffsets } from './cleaner-offsets.ts'

/** Which batch of a producer has to stay, so that a log without its snapshots still knows what the producer did last. */
export interface LastOfProducer {
  /** The last offsets of its last batch, and of the last one that no failure can take back; none if only markers are left. */
  readonly lastOffsets: readonly bigint[]
  readonly producerEpoch: number
}

/** What compaction sees of a partition's log, and may do to it. */
export interface CleanableLog {
  readonly id: PartitionId
  readonly config: LogConfig
  readonly logStartOffset: bigint
  readonly lastStableOffset: bigint
  readonly logEndOffset: bigint
  /** False while it is closed, has failed or has no leader here: a cleaning that is under way is given up. */
  readonly isCleanable: boolean
  readonly rangeChanges: RangeChanges
  readonly storage: PartitionStorage
  /** Up to where it was cleaned before; undefined if it never was. */
  readonly cleanedEnd: bigint | undefined
  /** Settled when it is durable. */
  saveCleanedEnd(offset: bigint): Promise<void>
  /** Begins a new range, so that the records of the last one can be compacted. */
  roll(): void
  lastOfProducers(): ReadonlyMap<bigint, LastOfProducer>
  /** Those that overlap the offsets, by their first offset. */
  abortedTransactions(from: bigint, end: bigint): Promise<readonly AbortedTransaction[]>
  /** Before the ranges between two offsets are replaced by one: should the process end in between, their aborted transactions are known. */
  replacing(from: bigint, end: bigint): Promise<void>
  /** Of the transactions that were aborted between two borders of ranges, which are about to be replaced by one, these are left. */
  abortedLeft(from: bigint, end: bigint, aborted: readonly AbortedTransaction[]): Promise<void>
}

export interface CleanablePartitionOptions {
  readonly log: PartitionLog
  readonly storage: PartitionStorage
  readonly state: LogState
  readonly rangeChanges: RangeChanges
  readonly cleanerOffsets: CleanerOffsets
  readonly config: () => LogConfig
}

export class CleanablePartition implements CleanableLog {
  readonly id: PartitionId
  readonly storage: PartitionStorage
  readonly rangeChanges: RangeChanges
  readonly #log: PartitionLog
  readonly #state: LogState
  readonly #cleanerOffsets: CleanerOffsets
  readonly #config: () => LogConfig

  constructor({ log, storage, state, rangeChanges, cleanerOffsets, config }: CleanablePartitionOptions) {
    this.id = log.id
    this.storage = storage
    this.rangeChanges = rangeChanges
    this.#log = log
    this.#state = state
    this.#cleanerOffsets = cleanerOffsets
    this.#config = config
  }

  get config(): LogConfig {
    return this.#config()
  }

  get logStartOffset(): bigint {
    return this.#log.logStartOffset
  }

  get lastStableOffset(): bigint {
    return this.#log.lastStableOffset
  }

  get logEndOffset(): bigint {
    return this.#log.logEndOffset
  }

  get isCleanable(): boolean {
    return this.#log.takesAppends
  }

  get cleanedEnd(): bigint | undefined {
    return this.#cleanerOffsets.find(this.id.topic, this.id.partition)
  }

  async saveCleanedEnd(offset: bigint): Promise<void> {
    await this.#cleanerOffsets.save(this.id.topic, this.id.partition, offset)
  }

  roll(): void {
    this.#state.roll()
  }

  lastOfProducers(): ReadonlyMap<bigint, LastOfProducer> {
    const { highWatermark } = this.#log
    const last = new Map<bigint, LastOfProducer>()
    for (const [producerId, { batches, epoch }] of this.#state.knownProducers?.entries ?? []) {
      const offsets = batches.map((batch) => batch.lastOffset)
      const lastOffsets = [offsets.at(-1), offsets.findLast((offset) => offset < highWatermark)]
      last.set(producerId, { producerEpoch: epoch, lastOffsets: lastOffsets.filter((offset) => offset !== undefined) })
    }
    return last
  }

  async abortedTransactions(from: bigint, end: bigint): Promise<readonly AbortedTransaction[]> {
    return this.#log.abortedTransactions(from, end)
  }

  async replacing(from: bigint, end: bigint): Promise<void> {
    await this.#state.rangesAreReplaced(from, end)
  }

  async abortedLeft(from: bigint, end: bigint, aborted: readonly AbortedTransaction[]): Promise<void> {
    this.#state.knownProducers?.transactions.aborted.keepOf(from, end, aborted)
    await this.#state.rangesReplaced(from)
  }
}
