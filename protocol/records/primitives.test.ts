import { crc32 } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { coordinatorPartition } from '../coordinator-records/partition-for.ts'
import { readVectors } from '../vectors/read-vectors.ts'
import { crc32c } from './crc32c.ts'
import { InvalidRecords } from './invalid-records.ts'
import { decrementSequence, incrementSequence } from './sequence.ts'
import {
  RecordCursor,
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts'

interface PrimitiveVector {
  kind: string
  hex: string
  value: number | string
  odd?: boolean
  bytesRead?: number
  error?: object
  input: string
  crc32c: number
  crc32: number
  sequence: number
  increment: number
  decrement: number
  result: number
  id: string
  partitionOf50: number
}

const all = readVectors<PrimitiveVector>('primitives')
const ofKind = (kind: string): PrimitiveVector[] => {
  const found = all.filter((vector) => vector.kind === kind)
  expect(found.length).toBeGreaterThan(0)
  return found
}

interface VarintForm {
  read(cursor: RecordCursor): number | bigint
  write(bytes: Buffer, value: number | string): number
  size(value: number | string): number
}

const forms: Record<string, VarintForm> = {
  unsignedVarint: {
    read: (cursor) => cursor.readUnsignedVarint(),
    write: (bytes, value) => writeUnsignedVarint(bytes, 0, Number(value)),
    size: (value) => sizeOfUnsignedVarint(Number(value)),
  },
  varint: {
    read: (cursor) => cursor.readVarint(),
    write: (bytes, value) => writeVarint(bytes, 0, Number(value)),
    size: (value) => sizeOfVarint(Number(value)),
  },
  varlong: {
    read: (cursor) => cursor.readVarlong(),
    write: (bytes, value) => writeVarlong(bytes, 0, BigInt(value)),
    size: (value) => sizeOfVarlong(BigInt(value)),
  },
}

describe.each(Object.entries(forms))('%s', (kind, form) => {
  test('reads what Kafka reads, from odd bytes too', () => {
    for (const vector of ofKind(kind)) {
      const bytes = Buffer.from(vector.hex, 'hex')
      const cursor = new RecordCursor(bytes, 0, bytes.length)
      if (vector.error !== undefined) {
        expect(() => form.read(cursor)).toThrow(InvalidRecords)
        continue
      }
      const value = BigInt(vector.value)
      // Values from 2^31 on are written as uint32 in the vectors; here as in Java they are negative.
      expect(BigInt(form.read(cursor))).toBe(kind === 'unsignedVarint' ? BigInt.asIntN(32, value) : value)
      expect(cursor.position).toBe(vector.bytesRead ?? bytes.length)
    }
  })

  test('writes what Kafka writes, in as many bytes as it says before', () => {
    for (const vector of ofKind(kind)) {
      if (vector.odd === true) continue
      const bytes = Buffer.alloc(10)
      const end = form.write(bytes, vector.value)
      expect(bytes.toString('hex', 0, end)).toBe(vector.hex)
      expect(form.size(vector.value)).toBe(end)
    }
  })
})

describe('checksums', () => {
  test('CRC-32C and CRC-32 are those of Kafka', () => {
    for (const vector of ofKind('checksum')) {
      const input = Buffer.from(vector.input, 'hex')
      expect(crc32c(input)).toBe(vector.crc32c)
      expect(crc32(input)).toBe(vector.crc32)
    }
  })

  test('CRC-32C over pieces is that of the whole, wherever it is cut', () => {
    const whole = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 37) & 0xff))
    for (const cut of [0, 1, 199, 200, 201, 500, 800, 801, 999, 1000]) {
      expect(crc32c(whole.subarray(cut), crc32c(whole.subarray(0, cut)))).toBe(crc32c(whole))
    }
  })

  test('CRC-32C is the same below and above the size from which the addon computes it', () => {
    const whole = Buffer.alloc(600, 'grete')
    for (let length = 195; length <= 205; length += 1) {
      let piecewise = 0
      for (let at = 0; at < length; at += 50) piecewise = crc32c(whole.subarray(at, Math.min(at + 50, length)), piecewise)
      expect(crc32c(whole.subarray(0, length))).toBe(piecewise)
    }
  })
})

describe('sequences and partitions', () => {
  test('sequences wrap from the int32 maximum to 0', () => {
    for (const vector of ofKind('incrementSequence'))
      expect(incrementSequence(vector.sequence, vector.increment)).toBe(vector.result)
    for (const vector of ofKind('decrementSequence'))
      expect(decrementSequence(vector.sequence, vector.decrement)).toBe(vector.result)
  })

  test('groups, transactional ids and share keys belong to the partitions that Kafka gives them', () => {
    for (const vector of [...ofKind('groupPartition'), ...ofKind('sharePartition')]) {
      expect(coordinatorPartition(vector.id, 50)).toBe(vector.partitionOf50)
    }
  })
})
