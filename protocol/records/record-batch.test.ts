import { describe, expect, test } from '@jest/globals'
import { readVectors } from '../vectors/read-vectors.ts'
import { recordsOf } from './batch-records.ts'
import { compressionTypes } from './compression.ts'
import {
  buildEndTransactionMarker,
  controlRecordTypeOf,
  controlRecordTypes,
  decodeEndTransactionMarker,
  encodeControlRecordKey,
} from './control-record.ts'
import { InvalidRecords } from './invalid-records.ts'
import { batchSizeAt, RecordBatch, recordBatches } from './record-batch.ts'
import { buildRecordBatch, type RecordToWrite } from './record-batch-builder.ts'

const records: RecordToWrite[] = Array.from({ length: 5 }, (_, index) => ({
  timestamp: 1_700_000_000_000n + BigInt(index),
  key: `key-${index}`,
  value: Buffer.alloc(100, `value-${index}`),
  headers: [{ key: 'trace', value: index === 0 ? null : `t-${index}` }],
}))

const kafkaHex = (name: string): string =>
  readVectors<{ name: string; hex: string }>('records').find((vector) => vector.name === name)!.hex

describe('the header in place', () => {
  test('offset and leader epoch lie outside the checksum', () => {
    const batch = new RecordBatch(buildRecordBatch(records))
    batch.setBaseOffset(9_000_000_000n)
    batch.setPartitionLeaderEpoch(7)
    expect([batch.baseOffset, batch.lastOffset, batch.nextOffset]).toEqual([9_000_000_000n, 9_000_000_004n, 9_000_000_005n])
    expect(batch.partitionLeaderEpoch).toBe(7)
    expect(batch.hasValidCrc).toBe(true)
  })

  test('LogAppendTime sets the attribute, the largest timestamp and the checksum, as Kafka does', () => {
    const bytes = Buffer.from(kafkaHex('magic2-none-many'), 'hex')
    new RecordBatch(bytes).setLogAppendTime(1_700_000_123_456n)
    expect(bytes.toString('hex')).toBe(kafkaHex('magic2-none-logAppendTime-many'))
  })

  test('a batch may be built with LogAppendTime', () => {
    const plain = [...recordsOf(new RecordBatch(Buffer.from(kafkaHex('magic2-none-many'), 'hex')), 0)]
    const built = buildRecordBatch(plain, { logAppendTimeMs: 1_700_000_123_456n })
    expect(built.toString('hex')).toBe(kafkaHex('magic2-none-logAppendTime-many'))
  })

  test('a new largest timestamp comes with a new checksum', () => {
    const batch = new RecordBatch(buildRecordBatch(records))
    const before = batch.crc
    batch.setMaxTimestamp(1_700_000_000_004n)
    expect(batch.crc).toBe(before)
    batch.setMaxTimestamp(1_700_000_000_009n)
    expect(batch.crc).not.toBe(before)
    batch.ensureValid()
  })

  test('one view serves batches at any position', () => {
    const first = buildRecordBatch(records)
    const both = Buffer.concat([first, buildRecordBatch(records.slice(0, 2), { baseOffset: 5n })])
    const batch = new RecordBatch(both)
    expect(batch.moveTo(both, batch.end).baseOffset).toBe(5n)
    expect(batch.end).toBe(both.length)
  })
})

describe('finding batches', () => {
  test('the announced size is known once the magic is there, and may reach beyond the bytes', () => {
    const bytes = buildRecordBatch(records)
    expect(batchSizeAt(bytes, 0, 16)).toBeNull()
    expect(batchSizeAt(bytes, 0, 17)).toBe(bytes.length)
  })

  test('a cut-off last batch ends the iteration without an error, wherever it is cut', () => {
    const bytes = buildRecordBatch(records)
    const both = Buffer.concat([bytes, bytes])
    for (let end = bytes.length; end < both.length; end += 1) expect([...recordBatches(both, 0, end)].length).toBe(1)
  })
})

describe('records', () => {
  test.each(compressionTypes)('%s: what was written is read', (compression) => {
    const options = {
      compression,
      baseOffset: 40n,
      producerId: 12n,
      producerEpoch: 1,
      baseSequence: 0x7ffffffe,
      isTransactional: true,
    }
    const batch = new RecordBatch(buildRecordBatch(records, options))
    batch.ensureValid()
    expect(batch.compression).toBe(compression)
    expect([batch.producerId, batch.producerEpoch, batch.isTransactional, batch.lastSequence]).toEqual([12n, 1, true, 2])
    const read = [...recordsOf(batch, 10_000)]
    expect(read.map(({ offset }) => offset)).toEqual([40n, 41n, 42n, 43n, 44n])
    expect(read.map(({ sequence }) => sequence)).toEqual([0x7ffffffe, 0x7fffffff, 0, 1, 2])
    expect(read.map(({ key }) => key?.toString())).toEqual(records.map(({ key }) => key))
    expect(read.map(({ value }) => value)).toEqual(records.map(({ value }) => value))
    expect(read[0]!.headers).toEqual([{ key: Buffer.from('trace'), value: null }])
  })

  test('are read one at a time: a fault behind a record is met only there', () => {
    const bytes = buildRecordBatch(records)
    bytes.writeInt32BE(6, 57)
    const reader = recordsOf(new RecordBatch(bytes), 0)
    for (let index = 0; index < 5; index += 1) expect(reader.next().value?.offset).toBe(BigInt(index))
    expect(() => reader.next()).toThrow(InvalidRecords)
  })
})

describe('control records', () => {
  test.each([
    ['marker-commit', true],
    ['marker-abort', false],
  ])('%s has the bytes that Kafka writes', (name, commit) => {
    const marker = { commit, coordinatorEpoch: 15, producerId: 1001n, producerEpoch: 3 }
    const bytes = buildEndTransactionMarker({
      ...marker,
      timestamp: 1_700_000_000_000n,
      baseOffset: 42n,
      partitionLeaderEpoch: 7,
    })
    expect(bytes.toString('hex')).toBe(kafkaHex(name))
    const [record] = [...recordsOf(new RecordBatch(bytes), 0)]
    expect(decodeEndTransactionMarker(record!.key, record!.value)).toEqual({ commit, coordinatorEpoch: 15 })
  })

  test('types of KRaft and unknown ones are given raw, and are no markers', () => {
    expect(controlRecordTypeOf(encodeControlRecordKey(controlRecordTypes.kraftVoters))).toBe(6)
    expect(controlRecordTypeOf(encodeControlRecordKey(99))).toBe(99)
    expect(decodeEndTransactionMarker(encodeControlRecordKey(2), null)).toBeNull()
  })

  test.each([null, Buffer.alloc(3), Buffer.from([0xff, 0xff, 0, 1])])('a key that is none is refused (%p)', (key) => {
    expect(() => controlRecordTypeOf(key)).toThrow(InvalidRecords)
  })
})
