import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import { batchFactsAt } from '../batch-facts.ts'
import type {
  BatchPosition,
  NamedBytes,
  PartitionId,
  PartitionStorage,
  StorageDirectory,
  StorageEvents,
  StorageRange,
} from '../storage.ts'
import { StorageError } from '../storage.ts'
import { MemoryNamedBytes } from './memory-named-bytes.ts'
import { type MemoryBatch, MemoryRange } from './memory-range.ts'
import type { MemoryRoom } from './memory-room.ts'

/** A batch costs this much besides its bytes, which counts where batches are tiny. */
const batchOverheadBytes = 128
const headerBytesV2 = 61

/** One partition's batches in memory: written and durable at once. It survives `close`, until it is deleted. */
export class MemoryPartition implements PartitionStorage {
  readonly id: PartitionId
  readonly directory: StorageDirectory
  readonly checkpoints: NamedBytes = new MemoryNamedBytes()
  readonly recoveredBytesCut = 0
  readonly #room: MemoryRoom
  #ranges: MemoryRange[]
  #endOffset = 0n
  #events: StorageEvents | null = null
  #announced = false
  #roomTaken = 0

  constructor(id: PartitionId, directory: StorageDirectory, room: MemoryRoom) {
    this.id = id
    this.directory = directory
    this.#room = room
    this.#ranges = [this.#newRange(0n)]
  }

  open(events: StorageEvents): this {
    if (this.#events !== null) throw new Error(`${this.#name} is open already`)
    this.#events = events
    return this
  }

  get isOpen(): boolean {
    return this.#events !== null
  }

  get startOffset(): bigint {
    return this.#ranges[0]!.baseOffset
  }

  get durableEnd(): bigint {
    return this.#endOffset
  }

  get writtenEnd(): bigint {
    return this.#endOffset
  }

  get endOffset(): bigint {
    return this.#endOffset
  }

  /** Memory that this partition takes of the room for all. */
  get roomTakenBytes(): number {
    return this.#roomTaken
  }

  append(batch: RecordsSlice, at: BatchPosition): void {
    this.#mustBeOpen()
    if (at.baseOffset < this.#endOffset) throw new Error(`${this.#name}: a batch at ${at.baseOffset}, below ${this.#endOffset}`)
    this.#takeRoom(batch.sizeBytes + batchOverheadBytes)
    this.#last.add(batch.view(), at)
    this.#endOffset = at.lastOffset + 1n
    this.#announce()
  }

  configure(): void {}

  /** A range in memory has no index. */
  get isLastRangeFull(): boolean {
    return false
  }

  firstTimestampOfLastRange(): bigint | null {
    return this.#last.batches[0]?.maxTimestamp ?? null
  }

  async flush(): Promise<void> {}

  roll(): void {
    this.#mustBeOpen()
    if (this.#last.batches.length > 0) this.#ranges.push(this.#newRange(this.#endOffset))
  }

  ranges(): readonly StorageRange[] {
    return this.#ranges.map((range, index) => range.facts(this.#ranges[index + 1]?.baseOffset ?? this.#endOffset))
  }

  read(from: bigint, end: bigint, maxBytes: number, atLeastOne: boolean): readonly Retained[] {
    this.#mustBeOpen()
    const pieces: Retained[] = []
    let leftBytes = maxBytes
    let first: MemoryBatch | null = null
    let runBytes = 0
    const closeRun = (): void => {
      if (first !== null) pieces.push(first.chunk.retain(first.position, runBytes))
    }
    for (const batch of this.#batchesFrom(from)) {
      if (batch.lastOffset >= end) break
      if (batch.sizeBytes > leftBytes && !(atLeastOne && first === null)) break
      leftBytes -= batch.sizeBytes
      // Neighbours in a chunk go out as one piece.
      if (first !== null && batch.chunk === first.chunk && batch.position === first.position + runBytes) {
        runBytes += batch.sizeBytes
        continue
      }
      closeRun()
      first = batch
      runBytes = batch.sizeBytes
    }
    closeRun()
    return pieces
  }

  available(from: bigint, end: bigint, enoughBytes: number): number {
    let sum = 0
    for (const batch of this.#batchesFrom(from)) {
      if (batch.lastOffset >= end || sum >= enoughBytes) break
      sum += batch.sizeBytes
    }
    return sum
  }

  async walkHeaders(from: bigint, visit: (header: Buffer) => boolean): Promise<void> {
    this.#mustBeOpen()
    for (const batch of this.#batchesFrom(from)) {
      const bytes = batch.chunk.bytes(batch.position, batch.sizeBytes)
      if (visit(bytes.subarray(0, batchFactsAt(bytes, 0)?.headerBytes ?? headerBytesV2))) return
    }
  }

  async batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    this.#mustBeOpen()
    let best: MemoryBatch | null = null
    for (const batch of this.#batchesFrom(this.startOffset)) {
      if (at !== 'max') {
        if (batch.maxTimestamp >= at) return batch.baseOffset
      } else if (best === null || batch.maxTimestamp > best.maxTimestamp) best = batch
    }
    return best?.baseOffset ?? null
  }

  async truncateTo(end: bigint): Promise<void> {
    this.#mustBeOpen()
    if (end >= this.#endOffset) return
    while (this.#ranges.length > 1 && this.#last.baseOffset >= end) this.#ranges.pop()?.drop()
    this.#last.cutAt(this.#last.indexOf(end))
    this.#endOffset = this.#last.endOffset
    this.#countRoom()
  }

  async restartAt(offset: bigint): Promise<void> {
    this.#mustBeOpen()
    for (const range of this.#ranges) range.drop()
    this.#ranges = [this.#newRange(offset)]
    this.#endOffset = offset
    this.#countRoom()
  }

  async deleteBefore(offset: bigint): Promise<void> {
    this.#mustBeOpen()
    while (this.#ranges.length > 1 && this.#ranges[1]!.baseOffset <= offset) this.#ranges.shift()?.drop()
    this.#countRoom()
  }

  async replace(from: bigint, end: bigint, batches: AsyncIterable<Buffer>): Promise<void> {
    this.#mustBeOpen()
    const replacement = this.#newRange(from)
    try {
      for await (const bytes of batches) {
        const facts = batchFactsAt(bytes, 0)
        if (facts === null || facts.sizeBytes !== bytes.length) throw new Error(`${this.#name}: the cleaner's batch is none`)
        this.#takeRoom(bytes.length + batchOverheadBytes)
        replacement.add(bytes, facts)
      }
      const first = this.#ranges.findIndex((range) => range.baseOffset === from)
      const behind = this.#ranges.findIndex((range) => range.baseOffset === end)
      if (first === -1 || behind <= first) throw new Error(`${this.#name}: no range borders at ${from} and ${end}`)
      for (const range of this.#ranges.splice(first, behind - first, replacement)) range.drop()
    } catch (error) {
      replacement.drop()
      throw error
    } finally {
      this.#countRoom()
    }
  }

  durabilityAwaited(): void {}

  async close(): Promise<void> {
    this.#events = null
  }

  /** Gives back all memory; nothing can be read afterwards. */
  drop(): void {
    this.#events = null
    for (const range of this.#ranges) range.drop()
    this.#countRoom()
  }

  get #last(): MemoryRange {
    return this.#ranges.at(-1)!
  }

  get #name(): string {
    return `${this.id.topic}-${this.id.partition}`
  }

  #newRange(baseOffset: bigint): MemoryRange {
    return new MemoryRange(this.#room.buffers, baseOffset, this.#room.time.nowMs())
  }

  /** The batches from the one that contains `from` on. */
  *#batchesFrom(from: bigint): Iterable<MemoryBatch> {
    let index = this.#ranges.findLastIndex((range) => range.baseOffset <= from)
    for (index = Math.max(0, index); index < this.#ranges.length; index++) {
      const range = this.#ranges[index]!
      for (let at = range.indexOf(from); at < range.batches.length; at++) yield range.batches[at]!
    }
  }

  #announce(): void {
    if (this.#announced) return
    this.#announced = true
    this.#room.time.endOfTurn(() => {
      this.#announced = false
      this.#events?.written(this.#endOffset)
      this.#events?.durable(this.#endOffset)
    })
  }

  #takeRoom(bytes: number): void {
    this.#room.take(bytes)
    this.#roomTaken += bytes
  }

  #countRoom(): void {
    const taken = this.#ranges.reduce((sum, range) => sum + range.sizeBytes + range.batches.length * batchOverheadBytes, 0)
    this.#room.give(this.#roomTaken - taken)
    this.#roomTaken = taken
  }

  #mustBeOpen(): void {
    if (this.#events === null) throw new StorageError('io', `${this.#name} is closed`)
  }
}
