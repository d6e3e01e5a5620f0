import { compressGzip, decompressGzip } from './gzip.ts'
import { InvalidRecords } from './invalid-records.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'
import { compressZstd, decompressZstd } from './zstd.ts'

/** Kafka's names of the codecs; a codec's id in the attributes of a batch is its place here. */
export const compressionTypes = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type CompressionType = (typeof compressionTypes)[number]

/** The codec of an id in the attributes; an unknown id is an error. */
export function compressionTypeOf(id: number): CompressionType {
  const type = compressionTypes[id]
  if (type === undefined) throw new InvalidRecords('unsupported-compression', `Unknown compression type id: ${id}`)
  return type
}

/** The level is the codec's own; snappy and lz4 have none here. Without it: gzip 6, zstd 3. */
export function compress(type: CompressionType, bytes: Buffer, level?: number): Buffer {
  switch (type) {
    case 'none':
      return bytes
    case 'gzip':
      return compressGzip(bytes, level)
    case 'snappy':
      return compressSnappy(bytes)
    case 'lz4':
      return compressLz4(bytes)
    case 'zstd':
      return compressZstd(bytes, level)
  }
}

/**
 * The bytes that `bytes` unpack to. Beyond `outputBytesMax` it fails with `too-large`; sizes that the bytes declare are
 * checked before anything of that size is allocated, so that a few hostile bytes cost no memory.
 */
export function decompress(type: CompressionType, bytes: Buffer, outputBytesMax: number): Buffer {
  switch (type) {
    case 'none':
      return bytes
    case 'gzip':
      return decompressGzip(bytes, outputBytesMax)
    case 'snappy':
      return decompressSnappy(bytes, outputBytesMax)
    case 'lz4':
      return decompressLz4(bytes, outputBytesMax)
    case 'zstd':
      return decompressZstd(bytes, outputBytesMax)
  }
}
