import { randomInt } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { readVectors } from '../vectors/read-vectors.ts'
import { firstOffsetOf, offsetOfMaxTimestamp, recordsOf } from './batch-records.ts'
import { compressionTypes, decompress } from './compression.ts'
import { controlRecordTypeOf, decodeEndTransactionMarker } from './control-record.ts'
import { InvalidRecords } from './invalid-records.ts'
import { decompressLz4 } from './lz4.ts'
import { batchSizeAt, type RecordBatch, recordBatches, RecordBatch as View } from './record-batch.ts'
import { decompressZstd } from './zstd.ts'
import { wasmZstd } from './zstd-library.ts'

const rounds = 4000
const bytesMax = 1 << 20
/** Of one round, which unpacks a few batches several times, garbage included. */
const allocatedBytesMax = 32 << 20

/** Mulberry32: a run is repeated with the seed that its failure names, as `GRETE_SEED=… `. */
function generator(seed: number): (below: number) => number {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const seed = Number(process.env['GRETE_SEED'] ?? randomInt(2 ** 31))
const below = generator(seed)
const samples = readVectors<{ hex: string }>('records').map(({ hex }) => Buffer.from(hex, 'hex'))
const zstdInWasm = wasmZstd()

/** Values that sizes, counts and lengths are bad at. */
const interesting = [
  0, 1, 2, 13, 14, 48, 49, 60, 61, 127, 128, 255, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
]

const mutations: readonly ((bytes: Buffer) => Buffer<ArrayBufferLike>)[] = [
  (bytes) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes) => {
    for (let flips = 1 + below(4); flips > 0; flips -= 1) bytes[below(bytes.length)]! ^= 1 << below(8)
    return bytes
  },
  (bytes) => {
    if (bytes.length >= 4) bytes.writeUInt32BE(interesting[below(interesting.length)]!, below(bytes.length - 3))
    return bytes
  },
  // Fields of the header, which contradict each other or the records then.
  (bytes) => {
    const at = [8, 16, 17, 21, 23, 53, 57, 61][below(8)]!
    if (at + 4 <= bytes.length) bytes.writeUInt32BE(interesting[below(interesting.length)]!, at)
    return bytes
  },
  (bytes) => {
    if (bytes.length > 22) bytes[below(2) === 0 ? 22 : 17] = below(256)
    return bytes
  },
  (bytes) => {
    const start = below(bytes.length)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(below(bytes.length))])
  },
  (bytes) => bytes.fill(below(256), below(bytes.length)),
]

function mutated(): Buffer {
  let bytes: Buffer = Buffer.from(samples[below(samples.length)]!)
  for (let times = 1 + below(3); times > 0 && bytes.length > 0; times -= 1) bytes = mutations[below(mutations.length)]!(bytes)
  return Buffer.from(bytes)
}

/** Runs a reader; only its typed error may come out. */
function survives(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof InvalidRecords)) throw error
  }
}

/** Every getter gives something for whatever stands in a header that was found. */
function readHeader(batch: RecordBatch): void {
  for (const name of Object.getOwnPropertyNames(View.prototype)) survives(() => void Reflect.get(View.prototype, name, batch))
}

/** What is not compressed is given as a view, which must not reach into the next batch. */
function expectWithinBatch(batch: RecordBatch, field: Buffer | null): void {
  if (field === null || batch.compressionId !== 0) return
  const start = field.byteOffset - batch.bytes.byteOffset
  expect(start).toBeGreaterThanOrEqual(batch.position)
  expect(start + field.length).toBeLessThanOrEqual(batch.end)
}

function readEverything(batch: RecordBatch): void {
  readHeader(batch)
  survives(() => batch.ensureValid())
  survives(() => firstOffsetOf(batch, bytesMax))
  survives(() => offsetOfMaxTimestamp(batch, bytesMax))
  survives(() => {
    let read = 0
    for (const record of recordsOf(batch, bytesMax)) {
      read += 1
      // No record has fewer than 7 bytes, so more of them than the bytes hold would be made up.
      expect(read * 7).toBeLessThanOrEqual(Math.max(bytesMax, batch.sizeInBytes))
      expectWithinBatch(batch, record.key)
      expectWithinBatch(batch, record.value)
      survives(() => controlRecordTypeOf(record.key))
      survives(() => decodeEndTransactionMarker(record.key, record.value))
    }
  })
}

test(`whatever the bytes are, readers give a sound result or their typed error (GRETE_SEED=${seed})`, () => {
  for (let round = 0; round < rounds; round += 1) {
    const bytes = mutated()
    const before = process.memoryUsage().arrayBuffers
    try {
      survives(() => void batchSizeAt(bytes, below(bytes.length + 1)))
      survives(() => {
        for (const batch of recordBatches(bytes)) {
          expect(batch.end).toBeLessThanOrEqual(bytes.length)
          readEverything(batch)
        }
      })
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(allocatedBytesMax)
    } catch (error) {
      throw new Error(`Round ${round} of GRETE_SEED=${seed}, bytes ${bytes.toString('hex').slice(0, 2000)}`, { cause: error })
    }
  }
})

test(`whatever is to be unpacked, codecs give at most the limit or their typed error (GRETE_SEED=${seed})`, () => {
  const limits = [0, 1, 100, 10_000, bytesMax]
  for (let round = 0; round < rounds; round += 1) {
    const bytes = mutated()
    const packed = bytes.subarray(Math.min(bytes.length, 61))
    const limit = limits[below(limits.length)]!
    const before = process.memoryUsage().arrayBuffers
    const within = (unpacked: Buffer): void => expect(unpacked.length).toBeLessThanOrEqual(limit)
    try {
      for (const type of compressionTypes) {
        if (type !== 'none') survives(() => within(decompress(type, packed, limit)))
      }
      survives(() => within(decompressLz4(packed, limit, true)))
      survives(() => within(decompressZstd(packed, limit, zstdInWasm)))
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(allocatedBytesMax)
    } catch (error) {
      throw new Error(`Round ${round} of GRETE_SEED=${seed}, limit ${limit}, bytes ${packed.toString('hex').slice(0, 2000)}`, {
        cause: error,
      })
    }
  }
})
