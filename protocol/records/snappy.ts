import { codecLibrary } from './codec-library.ts'
import { decompressing, joined, outputTooLarge, undecompressable } from './decompression-failure.ts'
import { loadModule } from './load-module.ts'

interface SnappyLibrary {
  compressSync(bytes: Buffer): Buffer
  uncompressSync(bytes: Buffer): Buffer
}

const library = codecLibrary('snappy', () => loadModule<SnappyLibrary>('snappy'))

/** The frame of Java's snappy library ("xerial"): magic, version, oldest compatible version, then blocks led by an int32 size. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const xerialHeaderBytes = 16
const xerialBlockBytes = 32 * 1024

/** A copy of up to 64 bytes takes 3 bytes at least; a block that declares more than this for its size is a lie. */
const expansionMax = 32

/** Writes the frame, since the Java consumer of before 2.0 reads nothing else. */
export function compressSnappy(bytes: Buffer): Buffer {
  const header = Buffer.alloc(xerialHeaderBytes)
  xerialMagic.copy(header)
  header.writeInt32BE(1, 8)
  header.writeInt32BE(1, 12)
  const pieces: Buffer[] = [header]
  for (let at = 0; at < bytes.length; at += xerialBlockBytes) {
    const block = library().compressSync(bytes.subarray(at, at + xerialBlockBytes))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    pieces.push(size, block)
  }
  return Buffer.concat(pieces)
}

/** Reads the frame and, from producers that write none (kafka-python, librdkafka), one raw block. */
export function decompressSnappy(bytes: Buffer, outputBytesMax: number): Buffer {
  return startsFrame(bytes, 0) ? decompressFrame(bytes, outputBytesMax) : decompressBlock(bytes, outputBytesMax, outputBytesMax)
}

function startsFrame(bytes: Buffer, at: number): boolean {
  return at + xerialHeaderBytes <= bytes.length && xerialMagic.equals(bytes.subarray(at, at + xerialMagic.length))
}

function decompressFrame(bytes: Buffer, outputBytesMax: number): Buffer {
  const pieces: Buffer[] = []
  let outputBytes = 0
  let at = 0
  while (at < bytes.length) {
    // A header may come again where frames were joined.
    if (startsFrame(bytes, at)) {
      if (bytes.readInt32BE(at + 8) < 1) throw undecompressable('snappy', 'the frame has an unknown version')
      at += xerialHeaderBytes
      continue
    }
    if (at + 4 > bytes.length) throw undecompressable('snappy', 'the frame is cut off')
    const size = bytes.readInt32BE(at)
    at += 4
    if (size < 0 || size > bytes.length - at) throw undecompressable('snappy', `a block of ${size} bytes does not fit`)
    const block = decompressBlock(bytes.subarray(at, at + size), outputBytesMax - outputBytes, outputBytesMax)
    pieces.push(block)
    outputBytes += block.length
    at += size
  }
  return joined(pieces)
}

function decompressBlock(block: Buffer, outputBytesLeft: number, outputBytesMax: number): Buffer {
  const declared = declaredBytes(block)
  if (declared > outputBytesLeft) throw outputTooLarge(outputBytesMax)
  if (declared > block.length * expansionMax)
    throw undecompressable('snappy', `${declared} bytes cannot come from ${block.length}`)
  return decompressing('snappy', () => library().uncompressSync(block))
}

/** A block begins with the size that it unpacks to, an unsigned varint of at most 32 bits. */
function declaredBytes(block: Buffer): number {
  let value = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  throw undecompressable('snappy', 'a block does not declare its size')
}
