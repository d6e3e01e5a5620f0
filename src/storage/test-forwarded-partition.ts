import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { BatchPosition, NamedBytes, PartitionStorage, RangeOptions, StorageDirectory, StorageRange } from './storage.ts'

/** A partition that asks another for everything but how far it is written and durable. */
export abstract class ForwardedPartition implements PartitionStorage {
  protected readonly inner: PartitionStorage
  readonly recoveredBytesCut: number
  abstract readonly durableEnd: bigint
  abstract readonly writtenEnd: bigint

  constructor(inner: PartitionStorage, recoveredBytesCut = 0) {
    this.inner = inner
    this.recoveredBytesCut = recoveredBytesCut
  }

  get directory(): StorageDirectory {
    return this.inner.directory
  }

  get startOffset(): bigint {
    return this.inner.startOffset
  }

  get endOffset(): bigint {
    return this.inner.endOffset
  }

  get isLastRangeFull(): boolean {
    return this.inner.isLastRangeFull
  }

  get checkpoints(): NamedBytes {
    return this.inner.checkpoints
  }

  configure(ranges: RangeOptions): void {
    this.inner.configure(ranges)
  }

  append(batch: RecordsSlice, at: BatchPosition): void {
    this.inner.append(batch, at)
  }

  roll(): void {
    this.inner.roll()
  }

  firstTimestampOfLastRange(): bigint | null {
    return this.inner.firstTimestampOfLastRange()
  }

  ranges(): readonly StorageRange[] {
    return this.inner.ranges()
  }

  read(from: bigint, end: bigint, maxBytes: number, atLeastOne: boolean): readonly Retained[] | Promise<readonly Retained[]> {
    return this.inner.read(from, end, maxBytes, atLeastOne)
  }

  available(from: bigint, end: bigint, enoughBytes: number): number {
    return this.inner.available(from, end, enoughBytes)
  }

  walkHeaders(from: bigint, visit: (header: Buffer) => boolean): Promise<void> {
    return this.inner.walkHeaders(from, visit)
  }

  batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    return this.inner.batchByTimestamp(at)
  }

  truncateTo(end: bigint): Promise<void> {
    return this.inner.truncateTo(end)
  }

  restartAt(offset: bigint): Promise<void> {
    return this.inner.restartAt(offset)
  }

  deleteBefore(offset: bigint): Promise<void> {
    return this.inner.deleteBefore(offset)
  }

  replace(from: bigint, end: bigint, batches: AsyncIterable<Buffer>): Promise<void> {
    return this.inner.replace(from, end, batches)
  }

  durabilityAwaited(): void {
    this.inner.durabilityAwaited()
  }

  flush(): Promise<void> {
    return this.inner.flush()
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
