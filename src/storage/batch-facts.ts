import type { BatchPosition } from './storage.ts'

/** What a backend needs to know of a batch to keep it. */
export interface BatchFacts extends BatchPosition {
  readonly sizeBytes: number
  /** How much of it `headers` gives: 61 bytes, or a whole old message set entry. */
  readonly headerBytes: number
}

/** So many bytes are needed to know a batch's facts. */
export const batchFactsBytes = 61

/** Everything before this many bytes tells only the length. */
const lengthEndsAt = 12
const magicAt = 16
const smallestLegacySize = 14

/** The facts of the batch at `at`; null if these bytes cannot begin a batch. */
export function batchFactsAt(bytes: Buffer, at: number): BatchFacts | null {
  if (bytes.length - at <= magicAt) return null
  const baseOffset = bytes.readBigInt64BE(at)
  const sizeBytes = lengthEndsAt + bytes.readInt32BE(at + 8)
  const magic = bytes[at + magicAt]!
  if (baseOffset < 0n) return null
  if (magic === 2) {
    if (sizeBytes < batchFactsBytes || bytes.length - at < batchFactsBytes) return null
    const lastOffsetDelta = bytes.readInt32BE(at + 23)
    if (lastOffsetDelta < 0) return null
    const maxTimestamp = bytes.readBigInt64BE(at + 35)
    return { baseOffset, lastOffset: baseOffset + BigInt(lastOffsetDelta), maxTimestamp, sizeBytes, headerBytes: batchFactsBytes }
  }
  if (magic > 1 || sizeBytes < lengthEndsAt + smallestLegacySize) return null
  const maxTimestamp = magic === 1 && bytes.length - at >= 26 ? bytes.readBigInt64BE(at + 18) : -1n
  return { baseOffset, lastOffset: baseOffset, maxTimestamp, sizeBytes, headerBytes: sizeBytes }
}
