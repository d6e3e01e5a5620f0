import { describe, expect, test } from '@jest/globals'
import { type ErrorName, KafkaError } from '../../protocol/errors.ts'
import { recordsOf } from '../../protocol/records/batch-records.ts'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import { validateBatch } from './batch-validation.ts'
import type { LogConfig } from './log-config.ts'
import { defaultLogConfig, startMs, type TestBatchOptions, testBatchBytes } from './test-log.ts'

const hour = 3_600_000n
const now = BigInt(startMs)

function validate(bytes: Buffer, config: Partial<LogConfig> = {}, by: 'client' | 'coordinator' = 'client') {
  return validateBatch(new OwnedRecords(bytes), { by }, { ...defaultLogConfig, ...config }, startMs)
}

function refusal(bytes: Buffer, config: Partial<LogConfig> = {}, by: 'client' | 'coordinator' = 'client'): KafkaError {
  try {
    validate(bytes, config, by)
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
  throw new Error('the batch was accepted')
}

/** A batch with a header changed, and a checksum that fits. */
function changed(options: TestBatchOptions, change: (bytes: Buffer) => void): Buffer {
  const bytes = testBatchBytes(options)
  change(bytes)
  bytes.writeUInt32BE(new RecordBatch(bytes).computeCrc(), 17)
  return bytes
}

describe('a sound batch', () => {
  test('is accepted as it is, and nothing in it is changed', () => {
    const bytes = testBatchBytes({ count: 3, producerId: 5n, producerEpoch: 1, baseSequence: 8 })
    const before = Buffer.from(bytes)
    const prepared = validate(bytes)
    expect(prepared).toMatchObject({ by: 'client', producerId: 5n, producerEpoch: 1, baseSequence: 8, lastOffsetDelta: 2 })
    expect(prepared.maxTimestamp).toBe(now)
    expect(prepared.sizeBytes).toBe(bytes.length)
    expect(bytes).toEqual(before)
  })

  test('of any codec is kept as it was sent', () => {
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const bytes = testBatchBytes({ count: 3, compression })
      expect(validate(bytes).records.view()).toEqual(bytes)
    }
  })
})

describe('what the header says', () => {
  const refused: readonly [string, Buffer, ErrorName][] = [
    ['no bytes at all', Buffer.alloc(0), 'INVALID_RECORD'],
    ['a batch that is cut off', testBatchBytes().subarray(0, -1), 'INVALID_RECORD'],
    ['two batches', Buffer.concat([testBatchBytes(), testBatchBytes()]), 'INVALID_RECORD'],
    ['bytes behind the batch', Buffer.concat([testBatchBytes(), Buffer.alloc(3)]), 'CORRUPT_MESSAGE'],
    ['a size below any header', changed({}, (bytes) => bytes.writeInt32BE(3, 8)), 'CORRUPT_MESSAGE'],
    ['an unknown magic', changed({}, (bytes) => bytes.writeInt8(9, 16)), 'CORRUPT_MESSAGE'],
    ['a base offset other than 0', testBatchBytes({ baseOffset: 1n }), 'INVALID_RECORD'],
    ['a negative last offset delta', changed({}, (bytes) => bytes.writeInt32BE(-1, 23)), 'INVALID_RECORD'],
    ['no records', testBatchBytes({ count: 0 }), 'INVALID_RECORD'],
    ['a count other than the offsets', changed({ count: 2 }, (bytes) => bytes.writeInt32BE(3, 57)), 'INVALID_RECORD'],
    ['a control batch', testBatchBytes({ isControl: true }), 'INVALID_RECORD'],
    ['a producer id without a sequence', testBatchBytes({ producerId: 1n, producerEpoch: 0 }), 'INVALID_RECORD'],
    ['an unknown codec', changed({}, (bytes) => bytes.writeInt16BE(7, 21)), 'UNSUPPORTED_COMPRESSION_TYPE'],
  ]
  test.each(refused)('%s is refused', (_what, bytes, code) => {
    expect(refusal(bytes).code).toBe(code)
  })

  test('a checksum that does not match is CORRUPT_MESSAGE', () => {
    const bytes = testBatchBytes()
    bytes[bytes.length - 1]! ^= 1
    expect(refusal(bytes).code).toBe('CORRUPT_MESSAGE')
  })

  test('records of magic 1 are INVALID_RECORD', () => {
    const bytes = Buffer.alloc(34)
    bytes.writeInt32BE(22, 8)
    bytes.writeInt8(1, 16)
    expect(refusal(bytes).code).toBe('INVALID_RECORD')
  })

  test('a coordinator may write at a base offset and a producer without sequences', () => {
    expect(() => validate(testBatchBytes({ baseOffset: 9n, producerId: 1n, producerEpoch: 0 }), {}, 'coordinator')).not.toThrow()
  })

  test('a coordinator’s batch is not measured by max.message.bytes and segment.bytes, which may be lowered below what it keeps', () => {
    const small = { maxMessageBytes: 10, segmentBytes: 10 }
    expect(() => validate(testBatchBytes(), small, 'coordinator')).not.toThrow()
    expect(refusal(testBatchBytes(), small).code).toBe('MESSAGE_TOO_LARGE')
  })
})

describe('sizes', () => {
  test('more than max.message.bytes is MESSAGE_TOO_LARGE, before the checksum is looked at', () => {
    const bytes = testBatchBytes()
    bytes[bytes.length - 1]! ^= 1
    expect(refusal(bytes, { maxMessageBytes: bytes.length - 1 }).code).toBe('MESSAGE_TOO_LARGE')
    expect(refusal(bytes, { maxMessageBytes: bytes.length }).code).toBe('CORRUPT_MESSAGE')
  })

  test('more than segment.bytes is RECORD_LIST_TOO_LARGE', () => {
    const bytes = testBatchBytes()
    expect(refusal(bytes, { segmentBytes: bytes.length - 1 }).code).toBe('RECORD_LIST_TOO_LARGE')
    expect(() => validate(bytes, { segmentBytes: bytes.length })).not.toThrow()
  })
})

describe('timestamps', () => {
  test('a record too far ahead refuses the batch, and the record is named', () => {
    const error = refusal(testBatchBytes({ timestamps: [now, now + hour + 1n, now + hour] }))
    expect(error.code).toBe('INVALID_TIMESTAMP')
    expect(error.message).toBe('One or more records have been rejected due to invalid timestamp')
    expect(error.details.recordErrors?.map(({ index }) => index)).toEqual([1])
  })

  test('a record too old is refused where message.timestamp.before.max.ms is set', () => {
    const bytes = testBatchBytes({ timestamps: [now - hour, now - hour - 1n] })
    expect(() => validate(bytes)).not.toThrow()
    const error = refusal(bytes, { timestampBeforeMaxMs: Number(hour) })
    expect(error.code).toBe('INVALID_TIMESTAMP')
    expect(error.details.recordErrors?.map(({ index }) => index)).toEqual([1])
  })

  test('a record without a timestamp (-1) is never too old', () => {
    expect(() => validate(testBatchBytes({ timestamps: [-1n] }), { timestampBeforeMaxMs: 1 })).not.toThrow()
  })

  test('a header that exaggerates the largest timestamp is corrected', () => {
    const bytes = testBatchBytes({ timestamps: [now], maxTimestamp: now + 2n * hour })
    expect(validate(bytes).maxTimestamp).toBe(now)
  })

  test('only the broker sets the type LogAppendTime', () => {
    const error = refusal(testBatchBytes({ count: 2, logAppendTimeMs: now }))
    expect(error.code).toBe('INVALID_TIMESTAMP')
    expect(error.details.recordErrors).toHaveLength(2)
  })

  test('with LogAppendTime the times of the producer do not matter', () => {
    const bytes = testBatchBytes({ timestamps: [now + 9n * hour] })
    expect(() => validate(bytes, { timestampType: 'LogAppendTime', timestampBeforeMaxMs: 1 })).not.toThrow()
  })
})

describe('a compacted topic', () => {
  test('refuses a batch with a record without a key, and names it', () => {
    const error = refusal(testBatchBytes({ count: 2, key: null }), { compact: true })
    expect(error.code).toBe('INVALID_RECORD')
    expect(error.details.recordErrors?.map(({ index }) => index)).toEqual([0, 1])
  })

  test('looks into compressed batches too', () => {
    const bytes = testBatchBytes({ count: 2, key: null, compression: 'gzip' })
    expect(refusal(bytes, { compact: true }).details.recordErrors).toHaveLength(2)
  })

  test('refuses what does not unpack as CORRUPT_MESSAGE, and what unpacks to too much as MESSAGE_TOO_LARGE', () => {
    const broken = changed({ compression: 'gzip' }, (bytes) => bytes.fill(0, 61))
    expect(refusal(broken, { compact: true }).code).toBe('CORRUPT_MESSAGE')
    const large = testBatchBytes({ count: 50, compression: 'gzip' })
    expect(refusal(large, { compact: true, maxDecompressedMessageBytes: 100 }).code).toBe('MESSAGE_TOO_LARGE')
  })

  test('names at most a thousand records', () => {
    const error = refusal(testBatchBytes({ count: 1500, key: null }), { compact: true })
    expect(error.details.recordErrors).toHaveLength(1000)
  })
})

describe('compression.type', () => {
  test('stores the batch in the codec of the topic', () => {
    const options = { timestamps: [now - 5n, now, now - 7n], producerId: 4n, producerEpoch: 2, baseSequence: 11 }
    const prepared = validate(testBatchBytes(options), { compression: { type: 'zstd', level: 3 } })
    const batch = new RecordBatch(prepared.records.view())
    expect(batch).toMatchObject({ compression: 'zstd', producerId: 4n, producerEpoch: 2, baseSequence: 11, maxTimestamp: now })
    expect(batch.hasValidCrc).toBe(true)
    const records = [...recordsOf(batch, 10_000)]
    expect(records.map(({ timestamp }) => timestamp)).toEqual(options.timestamps)
    expect(records.map(({ value }) => value?.toString())).toEqual(['value 0', 'value 1', 'value 2'])
  })

  test('uncompressed unpacks it', () => {
    const prepared = validate(testBatchBytes({ count: 9, compression: 'lz4' }), {
      compression: { type: 'uncompressed', level: null },
    })
    expect(new RecordBatch(prepared.records.view()).compression).toBe('none')
    expect(prepared.sizeBytes).toBe(prepared.records.sizeBytes)
  })

  test('leaves a batch that has it already', () => {
    const bytes = testBatchBytes({ compression: 'gzip' })
    expect(validate(bytes, { compression: { type: 'gzip', level: -1 } }).records.view()).toEqual(bytes)
  })

  test('checks the size again', () => {
    const bytes = testBatchBytes({ count: 200, compression: 'gzip' })
    const config = { compression: { type: 'uncompressed', level: null }, maxMessageBytes: bytes.length } as const
    expect(refusal(bytes, config).code).toBe('MESSAGE_TOO_LARGE')
  })
})
