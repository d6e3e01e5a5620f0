import { outputTooLarge, undecompressable } from './decompression-failure.ts'

/** One zstd frame within a buffer. */
export interface ZstdFrame {
  readonly start: number
  readonly end: number
  /** What the frame cannot exceed: what its header declares, or the most that its blocks can hold. */
  readonly outputBytesBound: number
  /** What the header declares, which many writers leave out. */
  readonly declaredBytes: number | null
}

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const blockBytesMax = 128 * 1024
const dictionaryIdBytes = [0, 1, 2, 4] as const
const contentSizeBytes = [0, 2, 4, 8] as const

function corrupt(reason: string): never {
  throw undecompressable('zstd', reason)
}

interface FrameHeader {
  readonly blocksAt: number
  readonly declaredBytes: number | null
  readonly windowBytes: number
  readonly checksumBytes: number
}

/**
 * The frame at a position, or the position behind it where it carries no data. The libraries differ in what they do with
 * several frames, with bytes behind a frame and with one that is cut off (Node 22 takes it for empty), so frames are found
 * here and handed to them one by one.
 */
export function zstdFrameAt(bytes: Buffer, start: number, outputBytesLeft: number, outputBytesMax: number): ZstdFrame | number {
  if (start + 5 > bytes.length) corrupt('the frame is cut off')
  const magic = bytes.readUInt32LE(start)
  if ((magic & 0xfffffff0) >>> 0 === skippableMagic) return skippedFrame(bytes, start)
  if (magic !== frameMagic) corrupt('no frame begins here')
  const header = readHeader(bytes, start)
  const { declaredBytes } = header
  if (declaredBytes !== null && declaredBytes > outputBytesLeft) throw outputTooLarge(outputBytesMax)
  const blocks = walkBlocks(bytes, header, outputBytesLeft, outputBytesMax)
  const end = blocks.end + header.checksumBytes
  if (end > bytes.length) corrupt('the frame is cut off')
  if (declaredBytes !== null && declaredBytes > blocks.outputBytesBound) corrupt('the frame declares more than its blocks hold')
  return { start, end, outputBytesBound: declaredBytes ?? blocks.outputBytesBound, declaredBytes }
}

function skippedFrame(bytes: Buffer, start: number): number {
  if (start + 8 > bytes.length) corrupt('the frame is cut off')
  const end = start + 8 + bytes.readUInt32LE(start + 4)
  if (end > bytes.length) corrupt('the frame is cut off')
  return end
}

function readHeader(bytes: Buffer, start: number): FrameHeader {
  const descriptor = bytes[start + 4]!
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = dictionaryIdBytes[(descriptor & 0x03) as 0 | 1 | 2 | 3]
  const sizeFlag = (descriptor >> 6) as 0 | 1 | 2 | 3
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : contentSizeBytes[sizeFlag]
  const sizeAt = start + 5 + (singleSegment ? 0 : 1) + dictionaryBytes
  const blocksAt = sizeAt + sizeBytes
  if (blocksAt > bytes.length) corrupt('the frame is cut off')
  const declaredBytes = readContentSize(bytes, sizeAt, sizeBytes)
  const windowBytes = singleSegment ? (declaredBytes ?? 0) : windowBytesOf(bytes[start + 5]!)
  return { blocksAt, declaredBytes, windowBytes, checksumBytes: (descriptor & 0x04) !== 0 ? 4 : 0 }
}

function readContentSize(bytes: Buffer, at: number, sizeBytes: number): number | null {
  switch (sizeBytes) {
    case 1:
      return bytes[at]!
    case 2:
      return bytes.readUInt16LE(at) + 256
    case 4:
      return bytes.readUInt32LE(at)
    case 8:
      return Number(bytes.readBigUInt64LE(at))
    default:
      return null
  }
}

function windowBytesOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 0x07)
}

/** Raw and run-length blocks say how much they hold; a compressed one holds at most 128 KiB. */
function walkBlocks(
  bytes: Buffer,
  header: FrameHeader,
  outputBytesLeft: number,
  outputBytesMax: number,
): { end: number; outputBytesBound: number } {
  const compressedMax = Math.min(blockBytesMax, header.windowBytes)
  let certainBytes = 0
  let outputBytesBound = 0
  let at = header.blocksAt
  for (;;) {
    if (at + 3 > bytes.length) corrupt('the frame is cut off')
    const block = bytes.readUIntLE(at, 3)
    const type = (block >> 1) & 0x03
    const size = block >> 3
    if (type === 3 || size > blockBytesMax) corrupt('a block is of an unknown kind')
    at += 3 + (type === 1 ? 1 : size)
    if (at > bytes.length) corrupt('a block is cut off')
    if (type !== 2) certainBytes += size
    outputBytesBound += type === 2 ? compressedMax : size
    if (certainBytes > outputBytesLeft) throw outputTooLarge(outputBytesMax)
    if ((block & 1) === 1) return { end: at, outputBytesBound }
  }
}
