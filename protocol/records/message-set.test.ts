import { crc32 } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { recordsOf } from './batch-records.ts'
import { compress, compressionTypes } from './compression.ts'
import { InvalidRecords, type InvalidRecordsKind } from './invalid-records.ts'
import type { DecodedRecord } from './record.ts'
import { recordBatches } from './record-batch.ts'

interface Entry {
  magic?: 0 | 1
  offset?: bigint
  attributes?: number
  timestamp?: bigint
  key?: Buffer | null
  value?: Buffer | null
  valueLength?: number
}

/** An entry of the old formats, which the project itself never writes. */
function entry({ magic = 1, offset = 0n, attributes = 0, timestamp = 5n, key = null, value = null, valueLength }: Entry): Buffer {
  const field = (bytes: Buffer | null, lengthBytes = bytes?.length ?? -1): Buffer => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(lengthBytes)
    return bytes === null ? length : Buffer.concat([length, bytes])
  }
  const time = Buffer.alloc(8)
  time.writeBigInt64BE(timestamp)
  const body = Buffer.concat([
    Buffer.from([magic, attributes]),
    magic === 1 ? time : Buffer.alloc(0),
    field(key),
    field(value, valueLength),
  ])
  const head = Buffer.alloc(16)
  head.writeBigInt64BE(offset, 0)
  head.writeInt32BE(body.length + 4, 8)
  head.writeUInt32BE(crc32(body), 12)
  return Buffer.concat([head, body])
}

const gzip = compressionTypes.indexOf('gzip')

const wrapper = (inner: Buffer, fields: Entry = {}): Buffer =>
  entry({ attributes: gzip, value: compress('gzip', inner), ...fields })

function read(bytes: Buffer): DecodedRecord[] {
  return [...recordBatches(bytes)].flatMap((batch) => {
    batch.ensureValid()
    return [...recordsOf(batch, 10_000)]
  })
}

function kindOf(bytes: Buffer): InvalidRecordsKind | 'no error' {
  try {
    read(bytes)
    return 'no error'
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidRecords)
    return (error as InvalidRecords).kind
  }
}

const three = Buffer.concat([0n, 1n, 2n].map((offset) => entry({ offset, value: Buffer.from(`value-${offset}`) })))

describe('offsets within a wrapper of magic 1', () => {
  test('are relative: the wrapper has the last one', () => {
    expect(read(wrapper(three, { offset: 102n })).map(({ offset }) => offset)).toEqual([100n, 101n, 102n])
  })

  test('are kept where the wrapper has 0, as some producers send it (KAFKA-5298)', () => {
    expect(read(wrapper(three, { offset: 0n })).map(({ offset }) => offset)).toEqual([0n, 1n, 2n])
  })

  test('follow the last one that is there after compaction', () => {
    const gap = Buffer.concat([entry({ offset: 1n }), entry({ offset: 7n })])
    expect(read(wrapper(gap, { offset: 57n })).map(({ offset }) => offset)).toEqual([51n, 57n])
  })
})

describe('old entries that contradict themselves', () => {
  test.each([
    [
      'a value longer than its entry, with another behind it',
      Buffer.concat([entry({ value: Buffer.from('v'), valueLength: 9 }), three]),
    ],
    ['a wrapper without a value', entry({ attributes: gzip })],
    ['a wrapper without records', wrapper(Buffer.alloc(0))],
    ['a wrapper of another magic', wrapper(entry({ magic: 0 }))],
    ['a wrapper within a wrapper', wrapper(wrapper(three))],
  ])('%s is invalid', (_name, bytes) => {
    expect(kindOf(bytes)).toBe('invalid')
  })

  test('a wrapper whose value does not unpack is corrupt', () => {
    expect(kindOf(entry({ attributes: gzip, value: Buffer.from('no gzip') }))).toBe('corrupt')
  })

  test('zstd came after these formats, and is refused in them', () => {
    expect(kindOf(entry({ attributes: compressionTypes.indexOf('zstd'), value: compress('zstd', three) }))).toBe(
      'unsupported-compression',
    )
  })

  test('a wrapper that unpacks beyond the limit is too large', () => {
    expect(kindOf(wrapper(Buffer.alloc(10_001)))).toBe('too-large')
  })
})
