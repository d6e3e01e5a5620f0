import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type {
  BatchPosition,
  NamedBytes,
  OpenOptions,
  PartitionId,
  PartitionStorage,
  Storage,
  StorageDirectory,
  StorageEvents,
  StorageRange,
} from '../storage/storage.ts'
import { StorageError } from '../storage/storage.ts'

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

  close(cleanShutdown: Buffer | null): Promise<void> {
    return this.#inner.close(cleanShutdown)
  }
}

/** One partition of it. */
export class ControlledPartition implements PartitionStorage {
  readonly #inner: PartitionStorage
  readonly #events: StorageEvents
  readonly recoveredBytesCut: number
  writtenEnd: bigint
  durableEnd: bigint
  /** What the next append throws. */
  refusal: StorageError | null = null
  /** What was told by `durabilityAwaited`. */
  awaited = 0
  #taken = true
  #restartNeeded = false

  constructor(inner: PartitionStorage, events: StorageEvents, bytesCut: number) {
    this.recoveredBytesCut = bytesCut
    this.#inner = inner
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
    if (this.refusal !== null) throw this.refusal
    if (!this.#taken) throw new Error('appended to a storage that has failed')
    this.#inner.append(batch, at)
  }

  roll(): void {
    this.#inner.roll()
  }

  ranges(): readonly StorageRange[] {
    return this.#inner.ranges()
  }

  read(from: bigint, end: bigint, maxBytes: number, atLeastOne: boolean): readonly Retained[] | Promise<readonly Retained[]> {
    return this.#inner.read(from, end, maxBytes, atLeastOne)
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
    if (this.#restartNeeded) throw new StorageError('io', 'nothing is certain after a failed sync')
    await this.#inner.truncateTo(end)
    this.writtenEnd = this.endOffset
    this.durableEnd = this.endOffset
    this.#taken = true
  }

  async restartAt(offset: bigint): Promise<void> {
    await this.#inner.restartAt(offset)
    this.writtenEnd = offset
    this.durableEnd = offset
  }

  deleteBefore(offset: bigint): Promise<void> {
    return this.#inner.deleteBefore(offset)
  }

  replace(from: bigint, end: bigint, batches: AsyncIterable<Buffer>): Promise<void> {
    return this.#inner.replace(from, end, batches)
  }

  durabilityAwaited(): void {
    this.awaited += 1
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
