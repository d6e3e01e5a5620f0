import type { Buffers } from '../../environment/buffers.ts'
import type { OpenFile } from '../../environment/files.ts'
import { batchFactsAt, batchFactsBytes } from '../batch-facts.ts'
import { type BatchPosition, StorageError, type StorageRange } from '../storage.ts'
import { type Visit, walkBatches } from './batch-walk.ts'
import { SparsePositions } from './sparse-positions.ts'

/** One log file: what is in it, appended or written, and where. */
export class Segment {
  readonly baseOffset: bigint
  readonly createdMs: number
  readonly file: OpenFile
  readonly #buffers: Buffers
  readonly #positions: SparsePositions
  /** Bytes that were in the file when it was opened may be on the disk alone; later ones are in the system's memory. */
  readonly openedBytes: number
  #sizeBytes = 0
  #writtenBytes = 0
  #endOffset: bigint
  #maxTimestamp = -1n

  constructor(file: OpenFile, buffers: Buffers, baseOffset: bigint, createdMs: number, openedBytes: number) {
    this.file = file
    this.#buffers = buffers
    this.baseOffset = baseOffset
    this.createdMs = createdMs
    this.openedBytes = openedBytes
    this.#endOffset = baseOffset
    this.#positions = new SparsePositions(baseOffset)
  }

  /** With what was appended and is not written yet. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** Behind its last batch. */
  get endOffset(): bigint {
    return this.#endOffset
  }

  facts(endOffset: bigint): StorageRange {
    const { baseOffset, createdMs } = this
    return { baseOffset, endOffset, sizeBytes: this.#sizeBytes, maxTimestamp: this.#maxTimestamp, createdMs }
  }

  /** Notes a batch at the end; returns where its bytes go. */
  add(at: BatchPosition, sizeBytes: number): number {
    const position = this.#sizeBytes
    this.#positions.add(at.baseOffset, position, sizeBytes, at.maxTimestamp)
    this.#sizeBytes += sizeBytes
    this.#endOffset = at.lastOffset + 1n
    if (at.maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = at.maxTimestamp
    return position
  }

  wrote(bytes: number): void {
    this.#writtenBytes += bytes
  }

  /** The last batch known to begin at or before a position and at or below an offset. */
  lastNote(position: number, offset: bigint): { readonly position: number; readonly offset: bigint } | null {
    return this.#positions.lastNote(position, offset)
  }

  /** Takes over what a recovery found. */
  addWritten(at: BatchPosition, sizeBytes: number): void {
    this.add(at, sizeBytes)
    this.wrote(sizeBytes)
  }

  /** A position at or before the batch that contains `offset`. */
  floor(offset: bigint): number {
    return this.#positions.positionAt(this.#positions.floorIndex(offset))
  }

  /** A position at or behind the end of the batches below `offset`. */
  ceiling(offset: bigint): number {
    return offset >= this.#endOffset ? this.#sizeBytes : (this.#positions.ceiling(offset) ?? this.#sizeBytes)
  }

  /** Walks what is written, from a position where a batch begins. */
  async walk(from: number, visit: Visit): Promise<void> {
    const { file } = this
    const to = this.#writtenBytes
    const end = await walkBatches({ file, buffers: this.#buffers, from, to, fromOffset: 0n, checkCrc: false, visit })
    if (end.defect !== null) throw new StorageError('corrupt', `${file.path}: ${end.defect} at ${end.position}`)
  }

  /** The first batch with a timestamp at or above `at`. */
  async batchByTimestamp(at: bigint): Promise<BatchPosition | null> {
    const index = this.#positions.indexOfTimestamp(at)
    if (index === -1) return null
    let found: BatchPosition | null = null
    await this.walk(this.#positions.positionAt(index), (facts) => {
      if (facts.maxTimestamp >= at) found = facts
      return found !== null
    })
    return found
  }

  /** Of its first batch; null while nothing is written. */
  firstTimestamp(): bigint | null {
    if (this.#writtenBytes === 0) return null
    const header = Buffer.alloc(batchFactsBytes)
    return batchFactsAt(header.subarray(0, this.file.readSync(header, 0)), 0)?.maxTimestamp ?? null
  }

  get maxTimestamp(): bigint {
    return this.#maxTimestamp
  }

  /** Cuts off the batches that reach `end` or beyond, in the file too. Nothing may be unwritten. */
  async truncateTo(end: bigint): Promise<void> {
    // One stretch before the one that holds `end`: so at least one batch is left from which the end and the timestamps follow.
    const index = Math.max(0, this.#positions.floorIndex(end) - 1)
    const from = this.#positions.positionAt(this.#positions.count === 0 ? -1 : index)
    const kept: { at: BatchPosition; sizeBytes: number }[] = []
    await this.walk(from, (facts) => {
      if (facts.lastOffset >= end) return true
      kept.push({ at: facts, sizeBytes: facts.sizeBytes })
      return false
    })
    this.#maxTimestamp = this.#positions.maxTimestampAt(index - 1)
    this.#positions.cutAt(index)
    this.#sizeBytes = from
    this.#writtenBytes = from
    if (from === 0) this.#endOffset = this.baseOffset
    for (const { at, sizeBytes } of kept) this.addWritten(at, sizeBytes)
    await this.file.truncate(this.#writtenBytes)
  }
}
