import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import type { Timer } from '../../environment/environment.ts'
import {
  type BatchPosition,
  type PartitionId,
  type PartitionStorage,
  StorageError,
  type StorageEvents,
} from '../../storage/storage.ts'
import { ForwardedPartition } from '../../storage/test-forwarded-partition.ts'
import { never, type SimulatedDisk } from './simulated-disk.ts'

export interface DiskPartitionOptions {
  readonly id: PartitionId
  readonly inner: PartitionStorage
  readonly events: StorageEvents
  readonly disk: SimulatedDisk
}

/** One partition on a simulated disk, in one life of the process. */
export class DiskPartition extends ForwardedPartition {
  readonly id: PartitionId
  readonly #events: StorageEvents
  readonly #disk: SimulatedDisk
  writtenEnd: bigint
  durableEnd: bigint
  #timer: Timer | null = null
  #state: 'sound' | 'failed' | 'unsure' | 'closed' | 'gone' = 'sound'

  constructor({ id, inner, events, disk }: DiskPartitionOptions) {
    super(inner)
    this.id = id
    this.#events = events
    this.#disk = disk
    this.writtenEnd = inner.endOffset
    this.durableEnd = inner.endOffset
  }

  override append(batch: RecordsSlice, at: BatchPosition): void {
    if (this.#state !== 'sound') throw new StorageError('io', 'the disk takes nothing')
    const { dice, faults } = this.#disk
    if (dice.chance(faults.refusedAppend)) {
      this.#say('refuses an append')
      throw new StorageError('full', 'no room')
    }
    super.append(batch, at)
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

  override read(
    from: bigint,
    end: bigint,
    maxBytes: number,
    atLeastOne: boolean,
  ): readonly Retained[] | Promise<readonly Retained[]> {
    return this.#state === 'gone' ? never() : super.read(from, end, maxBytes, atLeastOne)
  }

  override async truncateTo(end: bigint): Promise<void> {
    if (this.#state === 'gone') return await never()
    if (this.#state === 'unsure') throw new StorageError('io', 'nothing is certain after a failed sync')
    this.#timer?.cancel()
    this.#timer = null
    await super.truncateTo(end)
    this.#nothingIsOpen()
    this.#state = 'sound'
  }

  override async restartAt(offset: bigint): Promise<void> {
    if (this.#state === 'gone') return await never()
    await super.restartAt(offset)
    this.#nothingIsOpen()
  }

  override durabilityAwaited(): void {}

  override async flush(): Promise<void> {}

  /** In order: what was appended is on the disk. */
  override async close(): Promise<void> {
    if (this.#state === 'gone') return await never()
    if (this.#state === 'closed') return
    const cut = this.#state === 'sound' ? this.endOffset : this.durableEnd
    this.remove()
    this.#state = 'closed'
    await super.truncateTo(cut)
    await super.close()
  }

  /** The process is gone, and the log ends here. */
  async die(end: bigint): Promise<void> {
    if (this.#state === 'gone' || this.#state === 'closed') return
    this.remove()
    await super.truncateTo(end)
    await super.close()
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
