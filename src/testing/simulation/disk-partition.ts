import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import type { Timer } from '../../environment/environment.ts'
import {
  type BatchPosition,
  type NamedBytes,
  type PartitionId,
  type PartitionStorage,
  StorageError,
  type StorageEvents,
  type StorageRange,
} from '../../storage/storage.ts'
import { never, type SimulatedDisk } from './simulated-disk.ts'

export interface DiskPartitionOptions {
  readonly id: PartitionId
  readonly inner: PartitionStorage
  readonly events: StorageEvents
  readonly disk: SimulatedDisk
}

/** One partition on a simulated disk, in one life of the process. */
export class DiskPartition implements PartitionStorage {
  readonly id: PartitionId
  readonly recoveredBytesCut = 0
  readonly #inner: PartitionStorage
  readonly #events: StorageEvents
  readonly #disk: SimulatedDisk
  writtenEnd: bigint
  durableEnd: bigint
  #timer: Timer | null = null
  #state: 'sound' | 'failed' | 'unsure' | 'closed' | 'gone' = 'sound'

  constructor({ id, inner, events, disk }: DiskPartitionOptions) {
    this.id = id
    this.#inner = inner
    this.#events = events
    this.#disk = disk
    this.writtenEnd = inner.endOffset
    this.durableEnd = inner.endOffset
  }

  get startOffset(): bigint {
    return this.#inner.startOffset
  }

  get endOffset(): bigint {
    return this.#inner.endOffset
  }

  get checkpoints(): NamedBytes {
    return this.#inner.checkpoints
  }

  append(batch: RecordsSlice, at: BatchPosition): void {
    if (this.#state !== 'sound') throw new StorageError('io', 'the disk takes nothing')
    const { dice, faults } = this.#disk
    if (dice.chance(faults.refusedAppend)) {
      this.#say('refuses an append')
      throw new StorageError('full', 'no room')
    }
    this.#inner.append(batch, at)
    this.#timer ??= this.#disk.time.after(dice.roll(3), () => this.#write())
  }

  #write(): void {
    const { dice, faults, time } = this.#disk
    if (dice.chance(faults.failedWrite)) {
      this.#fail('failed', 'cannot write')
      return
    }
    this.writtenEnd = this.endOffset
    const delayMs = dice.chance(faults.slowSync) ? dice.between(500, 5000) : dice.between(1, 8)
    this.#timer = time.after(delayMs, () => this.#sync(this.writtenEnd))
    this.#events.written(this.writtenEnd)
  }

  #sync(end: bigint): void {
    const { dice, faults, time, events } = this.#disk
    if (dice.chance(faults.failedSync)) {
      this.#fail('unsure', 'cannot sync')
      events.restartNeeded()
      return
    }
    this.durableEnd = end
    this.#timer = this.endOffset > this.writtenEnd ? time.after(dice.roll(3), () => this.#write()) : null
    this.#events.durable(end)
  }

  #fail(state: 'failed' | 'unsure', what: string): void {
    this.#state = state
    this.#timer = null
    this.#say(what)
    this.#events.failed(new StorageError(state === 'failed' ? 'full' : 'io', what))
  }

  roll(): void {
    this.#inner.roll()
  }

  ranges(): readonly StorageRange[] {
    return this.#inner.ranges()
  }

  read(from: bigint, end: bigint, maxBytes: number, atLeastOne: boolean): readonly Retained[] | Promise<readonly Retained[]> {
    return this.#state === 'gone' ? never() : this.#inner.read(from, end, maxBytes, atLeastOne)
  }

  available(from: bigint, end: bigint, enoughBytes: number): number {
    return this.#inner.available(from, end, enoughBytes)
  }

  headers(from: bigint): AsyncIterable<Buffer> {
    return this.#inner.headers(from)
  }

  batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    return this.#inner.batchByTimestamp(at)
  }

  async truncateTo(end: bigint): Promise<void> {
    if (this.#state === 'gone') return await never()
    if (this.#state === 'unsure') throw new StorageError('io', 'nothing is certain after a failed sync')
    this.#timer?.cancel()
    this.#timer = null
    await this.#inner.truncateTo(end)
    this.#nothingIsOpen()
    this.#state = 'sound'
  }

  async restartAt(offset: bigint): Promise<void> {
    if (this.#state === 'gone') return await never()
    await this.#inner.restartAt(offset)
    this.#nothingIsOpen()
  }

  deleteBefore(offset: bigint): Promise<void> {
    return this.#inner.deleteBefore(offset)
  }

  replace(from: bigint, end: bigint, batches: AsyncIterable<Buffer>): Promise<void> {
    return this.#inner.replace(from, end, batches)
  }

  durabilityAwaited(): void {}

  /** In order: what was appended is on the disk. */
  async close(): Promise<void> {
    if (this.#state === 'gone') return await never()
    if (this.#state === 'closed') return
    const cut = this.#state === 'sound' ? this.endOffset : this.durableEnd
    this.remove()
    this.#state = 'closed'
    await this.#inner.truncateTo(cut)
    await this.#inner.close()
  }

  /** The process is gone, and the log ends here. */
  async die(end: bigint): Promise<void> {
    if (this.#state === 'gone' || this.#state === 'closed') return
    this.remove()
    await this.#inner.truncateTo(end)
    await this.#inner.close()
  }

  /** Nothing happens to it any more. */
  remove(): void {
    this.#state = 'gone'
    this.#timer?.cancel()
    this.#timer = null
  }

  #nothingIsOpen(): void {
    this.writtenEnd = this.endOffset
    this.durableEnd = this.endOffset
  }

  #say(what: string): void {
    this.#disk.events.happened(`disk ${this.id.topic}-${this.id.partition} ${what}`)
  }
}
