import { type PartitionStorage, StorageError } from '../storage/storage.ts'

/**
 * With `durability=page-cache`: what `flush.messages` and `flush.ms` want on the disk. Kafka syncs within the append that makes the
 * number of records full, so that this batch counts, for readers and for its producer, only once it is on the disk.
 */
export class FlushGate {
  readonly #partition: PartitionStorage
  /** More counts than before. */
  readonly #opened: () => void
  readonly #failed: (error: StorageError) => void
  #unflushedRecords = 0
  #flushedEnd: bigint
  #lastFlushMs: number
  /** Where the first batch begins that waits for a flush. */
  #heldFrom: bigint | null = null
  #wantedEnd = 0n
  #flushing: Promise<void> | null = null
  /** What waited for it is cut off. */
  #hasFailed = false

  constructor(partition: PartitionStorage, nowMs: number, opened: () => void, failed: (error: StorageError) => void) {
    this.#partition = partition
    this.#lastFlushMs = nowMs
    this.#flushedEnd = partition.endOffset
    this.#opened = opened
    this.#failed = failed
  }

  /** What counts of all that is written. */
  get visibleEnd(): bigint {
    const { writtenEnd } = this.#partition
    return this.#heldFrom !== null && this.#heldFrom < writtenEnd ? this.#heldFrom : writtenEnd
  }

  appended(baseOffset: bigint, lastOffset: bigint, flushMessages: number, nowMs: number): void {
    this.#unflushedRecords += Number(lastOffset - baseOffset) + 1
    if (this.#unflushedRecords < flushMessages) return
    this.#unflushedRecords = 0
    this.#lastFlushMs = nowMs
    this.#heldFrom ??= baseOffset
    this.#wantedEnd = lastOffset + 1n
  }

  written(): void {
    if (this.#hasFailed || this.#flushing !== null) return
    if (this.#heldFrom !== null && this.#partition.writtenEnd > this.#heldFrom) void this.#flush()
  }

  /** `flush.ms`, looked at every `log.flush.scheduler.interval.ms`. */
  async flushIfOlderThan(flushMs: number, nowMs: number): Promise<void> {
    if (nowMs - this.#lastFlushMs < flushMs || this.#partition.writtenEnd === this.#flushedEnd) return
    this.#lastFlushMs = nowMs
    this.#unflushedRecords = 0
    await this.#flush()
  }

  /** The log was cut to what counts. */
  cut(): void {
    this.#heldFrom = null
    this.#hasFailed = false
    this.#flushedEnd = this.#partition.endOffset
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#flushWritten().finally(() => {
      this.#flushing = null
      this.written()
    })
    return this.#flushing
  }

  async #flushWritten(): Promise<void> {
    const end = this.#partition.writtenEnd
    try {
      await this.#partition.flush()
    } catch (error) {
      this.#hasFailed = true
      this.#failed(asStorageError(error))
      return
    }
    this.#flushedEnd = end
    if (this.#heldFrom === null || this.#hasFailed) return
    if (end >= this.#wantedEnd) this.#heldFrom = null
    else if (end > this.#heldFrom) this.#heldFrom = end
    this.#opened()
  }
}

function asStorageError(error: unknown): StorageError {
  return error instanceof StorageError ? error : new StorageError('io', error instanceof Error ? error.message : String(error))
}
