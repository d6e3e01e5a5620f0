import { codecLibrary } from './codec-library.ts'
import { decompressing, joined } from './decompression-failure.ts'
import { loadModule } from './load-module.ts'
import { type Lz4Frame, lz4FrameAt, lz4HeaderChecksum } from './lz4-frame.ts'

interface Lz4Library {
  compressFrameSync(bytes: Buffer): Buffer
  decompressFrameSync(bytes: Buffer): Buffer
}

const library = codecLibrary('lz4', () => loadModule<Lz4Library>('lz4-napi'))

/** One frame of independent blocks: Java's reader knows no others. */
export function compressLz4(bytes: Buffer): Buffer {
  return library().compressFrameSync(bytes)
}

/**
 * Reads all frames. `wrongHeaderChecksum` is for magic 0, whose writers hashed the frame's magic too (KAFKA-3160): as in
 * Kafka the header checksum is then not looked at.
 */
export function decompressLz4(bytes: Buffer, outputBytesMax: number, wrongHeaderChecksum = false): Buffer {
  const pieces: Buffer[] = []
  let outputBytes = 0
  let at = 0
  do {
    const frame = lz4FrameAt(bytes, at, outputBytesMax - outputBytes, outputBytesMax)
    if (typeof frame === 'number') {
      at = frame
      continue
    }
    // The library reads one frame and passes over what follows, so it is given one at a time.
    const piece = decompressing('lz4', () => library().decompressFrameSync(frameBytes(bytes, frame, wrongHeaderChecksum)))
    pieces.push(piece)
    outputBytes += piece.length
    at = frame.end
  } while (at < bytes.length)
  return joined(pieces)
}

function frameBytes(bytes: Buffer, frame: Lz4Frame, wrongHeaderChecksum: boolean): Buffer {
  const asWritten = bytes.subarray(frame.start, frame.end)
  if (!wrongHeaderChecksum) return asWritten
  const mended = Buffer.from(asWritten)
  const at = frame.headerChecksumAt - frame.start
  mended[at] = lz4HeaderChecksum(mended.subarray(4, at))
  return mended
}
