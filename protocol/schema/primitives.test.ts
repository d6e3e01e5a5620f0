import { describe, expect, test } from '@jest/globals'
import { readVectors } from '../vectors/read-vectors.ts'
import { MalformedMessage } from './malformed-message.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

interface Primitive {
  readonly kind: string
  readonly value?: unknown
  readonly text?: string
  readonly asInt32?: number
  readonly hex: string
  readonly odd?: boolean
  readonly error?: object
  readonly bytesRead?: number
}

interface Handling {
  readonly read: (reader: Reader) => unknown
  readonly write: (writer: Writer, value: never) => void
  /** From the vector's JSON to the value that we give. */
  readonly value?: (vector: Primitive) => unknown
}

const base64 = ({ value }: Primitive): unknown => (value === null ? null : Buffer.from(value as string, 'base64'))
const asFloat = ({ value }: Primitive): number => Number(String(value))

function readArray(reader: Reader, count: number): number[] | null {
  return count < 0 ? null : Array.from({ length: count }, () => reader.int32())
}

const handlings: Readonly<Record<string, Handling>> = {
  unsignedVarint: {
    read: (r) => r.unsignedVarint(),
    write: (w, value) => w.unsignedVarint(value),
    value: ({ value }) => Number(value) >>> 0,
  },
  boolean: { read: (r) => r.bool(), write: (w, value) => w.bool(value) },
  int8: { read: (r) => r.int8(), write: (w, value) => w.int8(value) },
  int16: { read: (r) => r.int16(), write: (w, value) => w.int16(value) },
  uint16: { read: (r) => r.uint16(), write: (w, value) => w.uint16(value) },
  int32: { read: (r) => r.int32(), write: (w, value) => w.int32(value) },
  uint32: { read: (r) => r.uint32(), write: (w, value) => w.uint32(value) },
  int64: { read: (r) => r.int64(), write: (w, value) => w.int64(value), value: ({ value }) => BigInt(value as string) },
  float64: { read: (r) => r.float64(), write: (w, value) => w.float64(value), value: asFloat },
  string: { read: (r) => r.string('s'), write: (w, value) => w.string(value) },
  nullableString: { read: (r) => r.nullableString(), write: (w, value) => w.nullableString(value) },
  compactString: { read: (r) => r.compactString('s'), write: (w, value) => w.compactString(value) },
  compactNullableString: { read: (r) => r.compactNullableString(), write: (w, value) => w.compactNullableString(value) },
  bytes: { read: (r) => r.bytes('b'), write: (w, value) => w.bytes(value), value: base64 },
  nullableBytes: { read: (r) => r.nullableBytes(), write: (w, value) => w.nullableBytes(value), value: base64 },
  compactBytes: { read: (r) => r.compactBytes('b'), write: (w, value) => w.compactBytes(value), value: base64 },
  compactNullableBytes: {
    read: (r) => r.compactNullableBytes(),
    write: (w, value) => w.compactNullableBytes(value),
    value: base64,
  },
  arrayOfInt32: {
    read: (r) => readArray(r, r.arrayLength(4)),
    write: (w, value: readonly number[] | null) => {
      w.int32(value === null ? -1 : value.length)
      for (const element of value ?? []) w.int32(element)
    },
  },
  compactArrayOfInt32: {
    read: (r) => readArray(r, r.compactArrayLength(4)),
    write: (w, value: readonly number[] | null) => {
      w.unsignedVarint(value === null ? 0 : value.length + 1)
      for (const element of value ?? []) w.int32(element)
    },
  },
  uuid: { read: (r) => r.uuid(), write: (w, value) => w.uuid(value), value: ({ text }) => text },
}

const vectors = readVectors<Primitive>('primitives').filter(({ kind }) => kind in handlings)

describe.each(Object.entries(handlings))('%s', (kind, { read, write, value = ({ value }) => value }) => {
  const own = vectors.filter((vector) => vector.kind === kind)

  test('reads what Kafka wrote', () => {
    expect(own.length).toBeGreaterThan(0)
    for (const vector of own.filter(({ error }) => error === undefined)) {
      const bytes = Buffer.from(vector.hex, 'hex')
      const reader = new Reader(bytes)
      expect(read(reader)).toEqual(value(vector))
      expect(reader.position).toBe(vector.bytesRead ?? bytes.length)
    }
  })

  test('refuses what Kafka refuses', () => {
    for (const { hex } of own.filter(({ error }) => error !== undefined)) {
      expect(() => read(new Reader(Buffer.from(hex, 'hex')))).toThrow(MalformedMessage)
    }
  })

  test('writes what Kafka writes', () => {
    for (const vector of own.filter(({ odd, error }) => odd !== true && error === undefined)) {
      const writer = new Writer()
      write(writer, value(vector) as never)
      expect(writer.toBuffer().toString('hex')).toBe(vector.hex)
    }
  })
})
