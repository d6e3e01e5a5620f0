import type { RecordsSlice } from '../../protocol/records/records-slice.ts'
import type {
  BatchPosition,
  NamedBytes,
  OpenOptions,
  PartitionId,
  PartitionStorage,
  Storage,
  StorageDirectory,
  StorageEvents,
} from '../storage/storage.ts'
import { StorageError } from '../storage/storage.ts'
import { ForwardedPartition } from '../storage/test-forwarded-partition.ts'

const nothing: StorageEvents = { written: () => {}, durable: () => {}, failed: () => {} }

/** A storage for tests of what stands on it: batches are written and durable, or fail, when the test says so. */
export class ControlledStorage implements Storage {
  readonly #inner: Storage
  /** What opening a partition says that it cut off. */
  readonly #bytesCut: number
  readonly partitions = new Map<string, ControlledPartition>()

  constructor(inner: Storage, bytesCut = 0) {
    this.#inner = inner
    this.#bytesCut = bytesCut
  }

  get files(): NamedBytes {
    return this.#inner.files
  }

  open(): ReturnType<Storage['open']> {
    return this.#inner.open()
  }

  async openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage> {
    const inner = await this.#inner.openPartition(id, { ...options, events: nothing })
    const partition = new ControlledPartition(inner, options.events, this.#bytesCut)
    this.partitions.set(`${id.topic}-${id.partition}`, partition)
    return partition
  }

  deletePartition(id: PartitionId): Promise<void> {
    return this.#inner.deletePartition(id)
  }

  directories(): readonly StorageDirectory[] {
    return this.#inner.directories()
  }

  whenWritable(): undefined | Promise<void> {
    return this.#inner.whenWritable()
  }

  ignoresCase(): Promise<boolean> {
    return this.#inner.ignoresCase()
  }

  close(cleanShutdown: Buffer | null | 'as found'): Promise<void> {
    return this.#inner.close(cleanShutdown)
  }
}

/** One partition of it. */
export class ControlledPartition extends ForwardedPartition {
  readonly #events: StorageEvents
  writtenEnd: bigint
  durableEnd: bigint
  /** What the next append throws. */
  refusal: StorageError | null = null
  /** What was told by `durabilityAwaited`. */
  awaited = 0
  #taken = true
  #restartNeeded = false

  constructor(inner: PartitionStorage, events: StorageEvents, bytesCut: number) {
    super(inner, bytesCut)
    this.#events = events
    this.writtenEnd = inner.endOffset
    this.durableEnd = inner.endOffset
  }

  /** All that was appended is written. */
  write(): void {
    this.writtenEnd = this.endOffset
    this.#events.written(this.writtenEnd)
  }

  /** All that was written is durable. */
  sync(): void {
    this.durableEnd = this.writtenEnd
    this.#events.durable(this.durableEnd)
  }

  failWrite(): void {
    this.#taken = false
    this.#events.failed(new StorageError('full', 'no space is left'))
  }

  failSync(): void {
    this.#restartNeeded = true
    this.#taken = false
    this.#events.failed(new StorageError('io', 'the disk does not answer'))
  }

  override append(batch: RecordsSlice, at: BatchPosition): void {
    if (this.refusal !== null) throw this.refusal
    if (!this.#taken) throw new Error('appended to a storage that has failed')
    super.append(batch, at)
  }

  override async truncateTo(end: bigint): Promise<void> {
    if (this.#restartNeeded) throw new StorageError('io', 'nothing is certain after a failed sync')
    await super.truncateTo(end)
    this.writtenEnd = this.endOffset
    this.durableEnd = this.endOffset
    this.#taken = true
  }

  override async restartAt(offset: bigint): Promise<void> {
    await super.restartAt(offset)
    this.writtenEnd = offset
    this.durableEnd = offset
  }

  override durabilityAwaited(): void {
    this.awaited += 1
  }
}
