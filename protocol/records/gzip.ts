import type * as zlib from 'node:zlib'
import { outputTooLarge, undecompressable } from './decompression-failure.ts'
import { loadModule } from './load-module.ts'

/** Kafka's default level (-1) is zlib's. */
export function compressGzip(bytes: Buffer, level = -1): Buffer {
  return loadModule<typeof zlib>('node:zlib').gzipSync(bytes, { level })
}

/** Reads all members of a stream, as Java does; zlib stops by itself at the limit. */
export function decompressGzip(bytes: Buffer, outputBytesMax: number): Buffer {
  try {
    return loadModule<typeof zlib>('node:zlib').gunzipSync(bytes, { maxOutputLength: Math.max(1, outputBytesMax) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw outputTooLarge(outputBytesMax)
    throw undecompressable('gzip', (error as Error).message, error)
  }
}
