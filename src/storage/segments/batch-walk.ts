import type { Buffers } from '../../environment/buffers.ts'
import type { OpenFile } from '../../environment/files.ts'
import { type BatchFacts, batchFactsAt, batchFactsBytes, isSoundBatchAt } from '../batch-facts.ts'

/** `header`: the first bytes of the batch, valid during the call. True ends the walk behind this batch. */
export type Visit = (facts: BatchFacts, position: number, header: Buffer) => boolean

export interface WalkOptions {
  readonly file: OpenFile
  readonly buffers: Buffers
  /** Where a batch begins. */
  readonly from: number
  readonly to: number
  /** Batches below this offset, or out of order, are as bad as no batch. */
  readonly fromOffset: bigint
  readonly checkCrc: boolean
  /** Batches that end below this offset need no look at their checksum. */
  readonly soundBelow?: bigint
  readonly visit: Visit
}

export interface WalkEnd {
  /** Behind the last good batch. */
  readonly position: number
  readonly endOffset: bigint
  /** Why the bytes at `position` are no batch; null if the walk came to its end. */
  readonly defect: string | null
}

/** Each read is a hand-over to the thread pool: the longer a walk goes on, the more it reads at once. */
const windowBytesMax = 1024 * 1024
/** Where a walk begins that may be at its end soon. */
const windowBytesFirst = 64 * 1024
const windowGrowth = 4
/** For the header alone. */
const windowBytesSmall = 4 * 1024
/** Up to that size batches are read with those around them; behind a larger one the header of the next alone. */
const wholeBytesMax = 32 * 1024

/** Goes from batch to batch by their headers. Bodies are read only where they lie close together, or for their checksum. */
export async function walkBatches(options: WalkOptions): Promise<WalkEnd> {
  const { file, to, checkCrc, soundBelow = 0n, visit } = options
  const window = new Window(file, options.buffers, to)
  let position = options.from
  let endOffset = options.fromOffset
  let lastSizeBytes = 0
  // A walk that checks goes to the end.
  let windowBytesNext = checkCrc ? windowBytesMax : windowBytesFirst
  try {
    while (position < to) {
      const isChecking = checkCrc && endOffset >= soundBelow
      const isHopping = !isChecking && lastSizeBytes > wholeBytesMax
      const windowBytes = isHopping ? windowBytesSmall : windowBytesNext
      // Most are at hand: a wait for each of millions of small batches would make up most of a start.
      let bytes = window.held(position, batchFactsBytes)
      if (bytes === null) {
        bytes = await window.at(position, batchFactsBytes, windowBytes)
        if (!isHopping) windowBytesNext = Math.min(windowBytesNext * windowGrowth, windowBytesMax)
      }
      const facts = batchFactsAt(bytes, 0)
      const defect = defectOf(facts, endOffset, to - position)
      if (facts === null || defect !== null) return { position, endOffset, defect }
      const isDoubted = checkCrc && facts.lastOffset >= soundBelow
      if (isDoubted || facts.headerBytes > bytes.length) {
        bytes = window.held(position, facts.sizeBytes) ?? (await window.at(position, facts.sizeBytes, windowBytes))
      }
      if (isDoubted && !isSoundBatchAt(bytes, 0)) return { position, endOffset, defect: 'a checksum that does not fit' }
      const stop = visit(facts, position, bytes.subarray(0, facts.headerBytes))
      position += facts.sizeBytes
      endOffset = facts.lastOffset + 1n
      lastSizeBytes = facts.sizeBytes
      if (stop) break
    }
    return { position, endOffset, defect: null }
  } finally {
    window.release()
  }
}

/** Whether a sound batch begins anywhere between two positions: what is before it was not the end of the log then. */
export async function holdsSoundBatch(
  options: Pick<WalkOptions, 'file' | 'buffers' | 'from' | 'to' | 'fromOffset'>,
): Promise<boolean> {
  const { file, from, to, fromOffset } = options
  const window = new Window(file, options.buffers, to)
  try {
    for (let position = from; position < to; position++) {
      const bytes = window.held(position, batchFactsBytes) ?? (await window.at(position, batchFactsBytes, windowBytesFirst))
      const facts = batchFactsAt(bytes, 0)
      if (facts === null || isOldMessage(bytes) || defectOf(facts, fromOffset, to - position) !== null) continue
      if (isSoundBatchAt(await window.at(position, facts.sizeBytes, windowBytesFirst), 0)) return true
    }
    return false
  } finally {
    window.release()
  }
}

export async function holdsOnlyZeros(options: Pick<WalkOptions, 'file' | 'buffers' | 'from' | 'to'>): Promise<boolean> {
  const { file, to } = options
  const window = new Window(file, options.buffers, to)
  try {
    for (let position = options.from; position < to; ) {
      const bytes = await window.at(position, 1, windowBytesMax)
      if (bytes.length === 0 || bytes.some((byte) => byte !== 0)) return false
      position += bytes.length
    }
    return true
  } finally {
    window.release()
  }
}

/** Its first byte of magic lies where a batch has it too; its checksum is too weak to stand for anything. */
const isOldMessage = (bytes: Buffer): boolean => bytes.readInt8(16) < 2

function defectOf(facts: BatchFacts | null, fromOffset: bigint, bytesLeft: number): string | null {
  if (facts === null) return bytesLeft < batchFactsBytes ? 'a batch that was cut off' : 'bytes that are no batch'
  if (facts.sizeBytes > bytesLeft) return 'a batch that was cut off'
  if (facts.baseOffset < fromOffset) return `a batch at offset ${facts.baseOffset} where ${fromOffset} was next`
  return null
}

/** A stretch of the file in a pooled buffer, moved forward as the walk goes on. */
class Window {
  readonly #file: OpenFile
  readonly #buffers: Buffers
  readonly #to: number
  #buffer: Buffer | null = null
  #start = 0
  #length = 0

  constructor(file: OpenFile, buffers: Buffers, to: number) {
    this.#file = file
    this.#buffers = buffers
    this.#to = to
  }

  /** As `at`, where nothing has to be read. */
  held(position: number, bytes: number): Buffer | null {
    const skip = position - this.#start
    const isHeld = this.#buffer !== null && skip >= 0 && skip + Math.min(bytes, this.#to - position) <= this.#length
    return isHeld ? this.#buffer!.subarray(skip, this.#length) : null
  }

  /** Reads the bytes from `position` on: at least `bytes`, unless the file ends before. */
  async at(position: number, bytes: number, windowBytes: number): Promise<Buffer> {
    const needed = Math.min(bytes, this.#to - position)
    const wanted = Math.min(Math.max(needed, windowBytes), this.#to - position)
    if (this.#buffer === null || this.#buffer.length < wanted) {
      this.release()
      this.#buffer = this.#buffers.take(wanted)
    }
    this.#start = position
    this.#length = await this.#file.read(this.#buffer.subarray(0, wanted), position)
    return this.#buffer.subarray(0, this.#length)
  }

  release(): void {
    if (this.#buffer !== null) this.#buffers.give(this.#buffer)
    this.#buffer = null
    this.#length = 0
  }
}
