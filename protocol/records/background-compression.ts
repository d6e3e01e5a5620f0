import type * as zlib from 'node:zlib'
import { codecLibrary } from './codec-library.ts'
import { type CompressionType, compress, decompress } from './compression.ts'
import { outputTooLarge, undecompressable } from './decompression-failure.ts'
import { loadModule } from './load-module.ts'

/** Below this a codec is done before another thread would have begun. */
const smallBytes = 16 * 1024

type Compressor = (bytes: Buffer, options: object, done: (error: Error | null, output: Buffer) => void) => void

interface Lz4Background {
  compressFrame(bytes: Buffer): Promise<Buffer>
}

const lz4 = codecLibrary('lz4', () => loadModule<Lz4Background>('lz4-napi'))

/** As `compress` at the codec's own level, on another thread where that takes long: gzip packs some 50 MB a second. */
export async function compressInBackground(type: CompressionType, bytes: Buffer): Promise<Buffer> {
  if (bytes.length <= smallBytes) return compress(type, bytes)
  if (type === 'lz4') return await lz4().compressFrame(bytes)
  const compressor = compressorOf(type)
  if (compressor === undefined) return compress(type, bytes)
  return await new Promise((resolve, reject) =>
    compressor(bytes, {}, (error, output) => (error === null ? resolve(output) : reject(error))),
  )
}

/** As `decompress`, on another thread where that takes long: the other codecs unpack faster than memory is copied about. */
export async function decompressInBackground(type: CompressionType, bytes: Buffer, outputBytesMax: number): Promise<Buffer> {
  if (type !== 'gzip' || bytes.length <= smallBytes) return decompress(type, bytes, outputBytesMax)
  const { gunzip } = loadModule<typeof zlib>('node:zlib')
  const output = await new Promise<Buffer>((resolve, reject) =>
    gunzip(bytes, { maxOutputLength: Math.max(1, outputBytesMax) }, (error, unpacked) =>
      error === null ? resolve(unpacked) : reject(gunzipFailure(error, outputBytesMax)),
    ),
  )
  if (output.length > outputBytesMax) throw outputTooLarge(outputBytesMax)
  return output
}

function gunzipFailure(error: NodeJS.ErrnoException, outputBytesMax: number): Error {
  return error.code === 'ERR_BUFFER_TOO_LARGE' ? outputTooLarge(outputBytesMax) : undecompressable('gzip', error.message, error)
}

/** Node has zstd since 22.15; its default level is 3, as in Kafka. */
function compressorOf(type: CompressionType): Compressor | undefined {
  const library = loadModule<typeof zlib>('node:zlib') as unknown as { gzip: Compressor; zstdCompress?: Compressor }
  if (type === 'gzip') return library.gzip
  return type === 'zstd' ? library.zstdCompress : undefined
}
