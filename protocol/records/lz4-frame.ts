import { outputTooLarge, undecompressable } from './decompression-failure.ts'

/** One LZ4 frame within a buffer. */
export interface Lz4Frame {
  readonly start: number
  readonly end: number
  /** From the frame's first byte to its header checksum. */
  readonly headerChecksumAt: number
  /** Exactly what the frame unpacks to, counted, whatever its header declares. */
  readonly outputBytes: number
}

const frameMagic = 0x184d2204
/** Sixteen magics, this one with any last hex digit, lead a frame that carries no data. */
const skippableMagic = 0x184d2a50
const minimumMatchBytes = 4
const uncompressedBit = 0x80000000

function corrupt(reason: string): never {
  throw undecompressable('lz4', reason)
}

/**
 * The frame at a position, or the position behind it where it carries no data. Its blocks are walked without unpacking them,
 * so that the output is known, and refused if it is too large, before anything is allocated for it.
 */
export function lz4FrameAt(bytes: Buffer, start: number, outputBytesLeft: number, outputBytesMax: number): Lz4Frame | number {
  if (start + 7 > bytes.length) corrupt('the frame is cut off')
  const magic = bytes.readUInt32LE(start)
  if ((magic & 0xfffffff0) >>> 0 === skippableMagic) return skippedFrame(bytes, start)
  if (magic !== frameMagic) corrupt('no frame begins here')
  const flags = bytes[start + 4]!
  if (flags >> 6 !== 1) corrupt('the frame has an unknown version')
  if ((flags & 0x01) !== 0) corrupt('the frame needs a dictionary')
  const headerChecksumAt = start + 6 + ((flags & 0x08) !== 0 ? 8 : 0)
  const blockChecksumBytes = (flags & 0x10) !== 0 ? 4 : 0
  const contentChecksumBytes = (flags & 0x04) !== 0 ? 4 : 0

  let outputBytes = 0
  let at = headerChecksumAt + 1
  for (;;) {
    if (at + 4 > bytes.length) corrupt('the frame is cut off')
    const size = bytes.readUInt32LE(at)
    at += 4
    if (size === 0) break
    const storedBytes = size & ~uncompressedBit
    if (storedBytes + blockChecksumBytes > bytes.length - at) corrupt('a block is cut off')
    outputBytes += size >= uncompressedBit ? storedBytes : blockOutputBytes(bytes, at, at + storedBytes)
    if (outputBytes > outputBytesLeft) throw outputTooLarge(outputBytesMax)
    at += storedBytes + blockChecksumBytes
  }
  const end = at + contentChecksumBytes
  if (end > bytes.length) corrupt('the frame is cut off')
  return { start, end, headerChecksumAt, outputBytes }
}

function skippedFrame(bytes: Buffer, start: number): number {
  if (start + 8 > bytes.length) corrupt('the frame is cut off')
  const end = start + 8 + bytes.readUInt32LE(start + 4)
  if (end > bytes.length) corrupt('the frame is cut off')
  return end
}

/** Sums the literals and matches of a block: each sequence is a token, its lengths in bytes of up to 255, literals, an offset. */
function blockOutputBytes(bytes: Buffer, start: number, end: number): number {
  let outputBytes = 0
  let at = start
  const longLength = (): number => {
    let length = 0
    for (;;) {
      if (at >= end) corrupt('a block is cut off')
      const byte = bytes[at++]!
      length += byte
      if (byte !== 255) return length
    }
  }
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) literals += longLength()
    at += literals
    outputBytes += literals
    if (at === end) return outputBytes
    at += 2
    if (at > end) corrupt('a block is cut off')
    let match = token & 0x0f
    if (match === 15) match += longLength()
    outputBytes += match + minimumMatchBytes
  }
  return outputBytes
}

/** The second byte of xxHash-32 over the frame's descriptor, which is shorter than the 16 bytes of the hash's main loop. */
export function lz4HeaderChecksum(descriptor: Buffer): number {
  let hash = (0x165667b1 + descriptor.length) | 0
  let at = 0
  for (; at + 4 <= descriptor.length; at += 4) {
    hash = (hash + Math.imul(descriptor.readInt32LE(at), 0xc2b2ae3d)) | 0
    hash = Math.imul(rotateLeft(hash, 17), 0x27d4eb2f)
  }
  for (; at < descriptor.length; at += 1) {
    hash = (hash + Math.imul(descriptor[at]!, 0x165667b1)) | 0
    hash = Math.imul(rotateLeft(hash, 11), 0x9e3779b1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae3d)
  hash ^= hash >>> 16
  return (hash >>> 8) & 0xff
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
