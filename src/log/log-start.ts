import type { PartitionId, PartitionStorage } from '../storage/storage.ts'
import type { LogStartOffsets } from './log-start-offsets.ts'
import type { LogState } from './log-state.ts'
import type { LogWatchers } from './log-watchers.ts'
import { RangeChanges } from './range-changes.ts'

export interface LogStartOptions {
  readonly id: PartitionId
  readonly offset: bigint
  readonly storage: PartitionStorage
  readonly state: LogState
  readonly watchers: LogWatchers
  readonly logStartOffsets: LogStartOffsets
}

/** Where a log begins for its readers, and the ranges before that, which go. */
export class LogStart {
  readonly rangeChanges = new RangeChanges()
  readonly #options: LogStartOptions
  #offset: bigint
  #closed = false

  constructor(options: LogStartOptions) {
    this.#options = options
    this.#offset = options.offset
  }

  get offset(): bigint {
    return this.#offset
  }

  /** Readers hear of it at once; a start knows of it when it is kept. Throws StorageError. */
  async moveTo(offset: bigint): Promise<void> {
    this.tell(offset)
    await this.keep()
    await this.#deleteRangesBefore(offset)
  }

  tell(offset: bigint): void {
    this.#offset = offset
    this.#options.state.startsAt(offset)
    this.#options.watchers.changed()
  }

  async keep(): Promise<void> {
    const { id, logStartOffsets } = this.#options
    await logStartOffsets.save(id.topic, id.partition, this.#offset)
  }

  /** Within a change of ranges. */
  async dropRangesBefore(offset: bigint): Promise<void> {
    if (this.#closed) return
    const { storage, state } = this.#options
    await storage.deleteBefore(offset)
    await state.rangesDropped()
  }

  /** The partition is deleted: one made later under its name begins at 0. */
  async forget(): Promise<void> {
    const { id, logStartOffsets } = this.#options
    await logStartOffsets.remove(id.topic, id.partition)
  }

  close(): void {
    this.#closed = true
  }

  /** A cleaning that is under way gives up for it. */
  async #deleteRangesBefore(offset: bigint): Promise<void> {
    const second = this.#options.storage.ranges()[1]
    if (second === undefined || second.baseOffset > offset) return
    await this.rangeChanges.run(() => this.dropRangesBefore(offset))
  }
}
