import type * as zlib from 'node:zlib'
import { outputTooLarge, undecompressable } from './decompression-failure.ts'
import { loadModule } from './load-module.ts'

/** Kafka's default level (-1) is zlib's. */
export function compressGzip(bytes: Buffer, level = -1): Buffer {
  return loadModule<typeof zlib>('node:zlib').gzipSync(bytes, { level })
}

/** Reads all members of a stream, as Java does; zlib stops by itself at the limit, which it takes to be 1 at least. */
export function decompressGzip(bytes: Buffer, outputBytesMax: number): Buffer {
  const output = gunzip(bytes, Math.max(1, outputBytesMax))
  if (output === null || output.length > outputBytesMax) throw outputTooLarge(outputBytesMax)
  return output
}

/** Null beyond the limit. */
function gunzip(bytes: Buffer, maxOutputLength: number): Buffer | null {
  try {
    return loadModule<typeof zlib>('node:zlib').gunzipSync(bytes, { maxOutputLength })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null
    throw undecompressable('gzip', (error as Error).message, error)
  }
}
