import type { Buffers } from '../../environment/buffers.ts'
import type { BatchPosition, StorageRange } from '../storage.ts'
import { Chunk } from './chunk.ts'

/** Small, since a broker may have thousands of partitions that hold next to nothing; each next chunk is twice as large. */
const firstChunkBytes = 8 * 1024
const chunkBytesMax = 1024 * 1024

export interface MemoryBatch extends BatchPosition {
  readonly chunk: Chunk
  readonly position: number
  readonly sizeBytes: number
}

/** The batches of one range, in order. */
export class MemoryRange {
  readonly baseOffset: bigint
  readonly createdMs: number
  readonly batches: MemoryBatch[] = []
  readonly #buffers: Buffers
  readonly #chunks: Chunk[] = []
  #sizeBytes = 0
  #maxTimestamp = -1n
  #open = true

  constructor(buffers: Buffers, baseOffset: bigint, createdMs: number) {
    this.#buffers = buffers
    this.baseOffset = baseOffset
    this.createdMs = createdMs
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** The end of its last batch; its base offset if it has none. */
  get endOffset(): bigint {
    const last = this.batches.at(-1)
    return last === undefined ? this.baseOffset : last.lastOffset + 1n
  }

  /** `endOffset`: where the next range begins, which may lie beyond the last batch after cleaning. */
  facts(endOffset: bigint): StorageRange {
    const { baseOffset, createdMs } = this
    return { baseOffset, endOffset, sizeBytes: this.#sizeBytes, maxTimestamp: this.#maxTimestamp, createdMs }
  }

  add(bytes: Buffer, at: BatchPosition): void {
    const chunk = this.#chunkFor(bytes.length)
    const { baseOffset, lastOffset, maxTimestamp } = at
    this.batches.push({ baseOffset, lastOffset, maxTimestamp, chunk, position: chunk.add(bytes), sizeBytes: bytes.length })
    this.#sizeBytes += bytes.length
    if (maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = maxTimestamp
  }

  /** The index of the first batch that reaches `offset`; the number of batches if none does. */
  indexOf(offset: bigint): number {
    let low = 0
    let high = this.batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.batches[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Removes the batches from `index` on. Their chunk is not written to again, since readers may hold them. */
  cutAt(index: number): void {
    const removed = this.batches.splice(index)
    for (const batch of removed) this.#sizeBytes -= batch.sizeBytes
    this.#maxTimestamp = -1n
    for (const { maxTimestamp } of this.batches) if (maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = maxTimestamp
    const last = this.batches.at(-1)?.chunk
    while (this.#chunks.length > 0 && this.#chunks.at(-1) !== last) this.#chunks.pop()?.release()
    this.#open = false
  }

  drop(): void {
    for (const chunk of this.#chunks.splice(0)) chunk.release()
    this.batches.length = 0
    this.#sizeBytes = 0
  }

  #chunkFor(bytes: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && this.#open && last.freeBytes >= bytes) return last
    const grown = last === undefined ? firstChunkBytes : Math.min(chunkBytesMax, last.sizeBytes * 2)
    const chunk = new Chunk(this.#buffers, Math.max(bytes, grown))
    this.#chunks.push(chunk)
    this.#open = true
    return chunk
  }
}
