import { InvalidRecords } from './invalid-records.ts'

/** The bytes unpack, or say that they do, to more than the caller takes. */
export function outputTooLarge(outputBytesMax: number): InvalidRecords {
  return new InvalidRecords('too-large', `Compressed records unpack to more than ${outputBytesMax} bytes`)
}

/** The bytes are not what their codec writes. */
export function undecompressable(codec: string, reason: string, cause?: unknown): InvalidRecords {
  return new InvalidRecords('corrupt', `Failed to decompress records with ${codec}: ${reason}`, { cause })
}

/** Runs a codec's library: whatever it throws is a fault of the bytes. */
export function decompressing<T>(codec: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw undecompressable(codec, error instanceof Error ? error.message : String(error), error)
  }
}

/** The pieces as one buffer, without a copy where there is one piece. */
export function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}
