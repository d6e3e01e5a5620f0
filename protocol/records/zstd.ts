import { decompressing, joined, outputTooLarge, undecompressable } from './decompression-failure.ts'
import { type ZstdFrame, zstdFrameAt } from './zstd-frame.ts'
import { type ZstdLibrary, zstdLibrary } from './zstd-library.ts'

/** Where the size of a frame is not known a first guess of so many bytes for each of its own is tried, then four times as much. */
const firstExpansion = 16
const firstOutputBytesMin = 64 * 1024

/** Kafka's default level is 3, zstd's own. */
export function compressZstd(bytes: Buffer, level = 3): Buffer {
  return zstdLibrary().compress(bytes, level)
}

/** Reads all frames. `library` is what this Node has; tests name others. */
export function decompressZstd(bytes: Buffer, outputBytesMax: number, library: ZstdLibrary = zstdLibrary()): Buffer {
  const pieces: Buffer[] = []
  let outputBytes = 0
  let at = 0
  do {
    const frame = zstdFrameAt(bytes, at, outputBytesMax - outputBytes, outputBytesMax)
    if (typeof frame === 'number') {
      at = frame
      continue
    }
    const piece = decompressFrame(bytes, frame, outputBytesMax - outputBytes, outputBytesMax, library)
    pieces.push(piece)
    outputBytes += piece.length
    at = frame.end
  } while (at < bytes.length)
  return joined(pieces)
}

function decompressFrame(bytes: Buffer, frame: ZstdFrame, left: number, outputBytesMax: number, library: ZstdLibrary): Buffer {
  const input = bytes.subarray(frame.start, frame.end)
  const most = Math.min(left, frame.outputBytesBound)
  let capacity =
    frame.declaredBytes === null ? Math.min(most, Math.max(firstOutputBytesMin, input.length * firstExpansion)) : most
  for (;;) {
    const output = decompressing('zstd', () => library.decompressFrame(input, capacity))
    if (output !== null) {
      if (output.length > left) throw outputTooLarge(outputBytesMax)
      if (frame.declaredBytes !== null && output.length !== frame.declaredBytes)
        throw undecompressable('zstd', 'a wrong declared size')
      return output
    }
    if (capacity === most) {
      if (most < frame.outputBytesBound) throw outputTooLarge(outputBytesMax)
      throw undecompressable('zstd', 'the frame holds more than it declares')
    }
    capacity = Math.min(most, capacity * 4)
  }
}
