import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { readVectors } from '../vectors/read-vectors.ts'
import { firstOffsetOf, offsetOfMaxTimestamp, recordsOf } from './batch-records.ts'
import { compressionTypes } from './compression.ts'
import { InvalidRecords } from './invalid-records.ts'
import type { DecodedRecord } from './record.ts'
import { type RecordBatch, recordBatches } from './record-batch.ts'
import { buildRecordBatch } from './record-batch-builder.ts'

type Integer = number | string
type VectorBytes = string | null | { length: number; sha256: string }

interface VectorRecord {
  offset: Integer
  timestamp: Integer
  sequence?: number
  key: VectorBytes
  value: VectorBytes
  headers?: { key: string; value: VectorBytes }[]
}

interface SoundVector {
  name: string
  hex: string
  batches: Record<string, unknown>[]
  records: VectorRecord[]
}

interface BrokenVector {
  name: string
  hex: string
  error?: { stage: 'batches' | 'ensureValid' | 'iterate' }
  soundBatches: number
  offsetsRead: Integer[]
}

const vectors = readVectors<{ broken?: boolean }>('records')
const sound = vectors.filter((vector) => vector.broken !== true) as unknown as SoundVector[]
const broken = vectors.filter((vector) => vector.broken === true) as unknown as BrokenVector[]
const bytesMax = 1 << 20

/** As the vectors write bigints: a number if it is exact. */
function integer(value: bigint | null): Integer | null {
  if (value === null) return null
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
}

function vectorBytes(bytes: Buffer | null, form: VectorBytes): VectorBytes {
  if (bytes === null) return null
  if (typeof form === 'string') return bytes.toString('base64')
  return { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function batchAsVector(batch: RecordBatch): object {
  const common = {
    sizeInBytes: batch.sizeInBytes,
    compression: batch.compression,
    timestampType: batch.timestampType,
    baseOffset: integer(firstOffsetOf(batch, bytesMax)),
    lastOffset: integer(batch.lastOffset),
    nextOffset: integer(batch.nextOffset),
    maxTimestamp: integer(batch.maxTimestamp),
    offsetOfMaxTimestamp: integer(offsetOfMaxTimestamp(batch, bytesMax)) ?? undefined,
  }
  const start = { magic: batch.magic, crc: batch.crc, attributes: batch.attributes }
  if (batch.magic < 2) {
    const timestamp = batch.magic === 0 ? undefined : integer(batch.maxTimestamp)
    return { ...start, offset: integer(batch.baseOffset), messageSize: batch.sizeInBytes - 12, timestamp, derived: common }
  }
  return {
    ...start,
    baseOffset: integer(batch.baseOffset),
    batchLength: batch.sizeInBytes - 12,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    lastOffsetDelta: batch.lastOffsetDelta,
    baseTimestamp: integer(batch.baseTimestamp),
    maxTimestamp: integer(batch.maxTimestamp),
    producerId: integer(batch.producerId),
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    recordCount: batch.count,
    derived: {
      ...common,
      lastSequence: batch.lastSequence,
      transactional: batch.isTransactional,
      control: batch.isControl,
      deleteHorizonMs: integer(batch.deleteHorizonMs),
    },
  }
}

function expectRecord(record: DecodedRecord, expected: VectorRecord): void {
  expect(integer(record.offset)).toBe(expected.offset)
  expect(integer(record.timestamp)).toBe(expected.timestamp)
  expect(record.sequence).toBe(expected.sequence ?? -1)
  expect(vectorBytes(record.key, expected.key)).toEqual(expected.key)
  expect(vectorBytes(record.value, expected.value)).toEqual(expected.value)
  const headers = expected.headers ?? []
  expect(
    record.headers.map(({ key, value }, index) => ({ key: key.toString(), value: vectorBytes(value, headers[index]!.value) })),
  ).toEqual(headers)
}

describe('sets of batches that Kafka wrote', () => {
  test.each(sound.map((vector) => [vector.name, vector] as const))('%s reads as Kafka reads it', (_name, vector) => {
    const bytes = Buffer.from(vector.hex, 'hex')
    const batches = [...recordBatches(bytes)]
    expect(batches.map(batchAsVector)).toEqual(vector.batches)
    for (const batch of batches) batch.ensureValid()
    const records = batches.flatMap((batch) => [...recordsOf(batch, bytesMax)])
    expect(records.length).toBe(vector.records.length)
    records.forEach((record, index) => {
      expectRecord(record, vector.records[index]!)
    })
  })

  test('batches of magic 2 built again from what was read have the same bytes, or unpack to the same', () => {
    for (const vector of sound) {
      for (const batch of recordBatches(Buffer.from(vector.hex, 'hex'))) {
        if (batch.magic === 2 && batch.timestampType === 'CreateTime') expectSameWhenBuiltAgain(batch)
      }
    }
  })
})

function expectSameWhenBuiltAgain(batch: RecordBatch): void {
  const records = [...recordsOf(batch, bytesMax)]
  // Kafka builds a compacted batch with records out of the base timestamp that it kept: there the first record gives it.
  const rebuilt = buildRecordBatch(records, {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    maxTimestamp: batch.maxTimestamp,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    compression: compressionTypes[batch.compressionId]!,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    ...(batch.deleteHorizonMs === null ? {} : { deleteHorizonMs: batch.deleteHorizonMs }),
  })
  if (batch.compressionId === 0) {
    expect(rebuilt.toString('hex')).toBe(batch.bytes.toString('hex', batch.position, batch.end))
  } else {
    expect([...recordsOf([...recordBatches(rebuilt)][0]!, bytesMax)]).toEqual(records)
  }
}

/** Runs the stages in Kafka's order and says where it stopped. */
function stageOfFailure(bytes: Buffer): { stage: string | undefined; soundBatches: number; offsetsRead: (Integer | null)[] } {
  const offsetsRead: (Integer | null)[] = []
  let soundBatches = 0
  let stage = 'batches'
  try {
    for (const batch of recordBatches(bytes)) {
      stage = 'ensureValid'
      batch.ensureValid()
      stage = 'iterate'
      const offsetsOfBatch = batch.compressionId === 0 ? offsetsRead : []
      for (const record of recordsOf(batch, bytesMax)) offsetsOfBatch.push(integer(record.offset))
      // The iterator that made the vectors reads a compressed batch to its end before it gives the first record.
      if (offsetsOfBatch !== offsetsRead) offsetsRead.push(...offsetsOfBatch)
      soundBatches += 1
      stage = 'batches'
    }
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidRecords)
    return { stage, soundBatches, offsetsRead }
  }
  return { stage: undefined, soundBatches, offsetsRead }
}

describe('broken batches', () => {
  test.each(broken.map((vector) => [vector.name, vector] as const))('%s: found where Kafka finds it', (_name, vector) => {
    // One is found a stage earlier than in Kafka, so that no header is ever read beyond its batch.
    const stage = vector.name === 'length shorter than the header' ? 'batches' : vector.error?.stage
    expect(stageOfFailure(Buffer.from(vector.hex, 'hex'))).toEqual({
      stage,
      soundBatches: vector.soundBatches,
      offsetsRead: vector.offsetsRead,
    })
  })
})
