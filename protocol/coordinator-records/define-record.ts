import type { Decoded, Encodable, Fields } from '../schema/field.ts'
import { defineMessage, type Message } from '../schema/message.ts'
import { Reader } from '../schema/reader.ts'
import { UnknownRecordType, UnknownRecordVersion } from '../schema/unknown-record.ts'
import { includes } from '../schema/versions.ts'
import { Writer } from '../schema/writer.ts'

interface RecordDefinition<T extends number, K extends Fields, V extends Fields> {
  /** The int16 that a key begins with. */
  readonly type: T
  readonly name: string
  /** Keys have one version for ever and are not flexible: compaction compares their bytes. */
  readonly key: K
  readonly value: { readonly versions: string; readonly flexible: string; readonly fields: V }
}

/** One kind of record of a coordinator's topic. */
export interface CoordinatorRecord<T extends number, K, KIn, V, VIn> {
  readonly type: T
  readonly name: string
  readonly key: Message<K, KIn>
  readonly value: Message<V, VIn>
  /** The key as it is stored: the type, then the fields. */
  encodeKey(key: KIn): Buffer
  /** The value as it is stored: the version, then the fields. */
  encodeValue(value: VIn, version: number): Buffer
  /** Throws UnknownRecordVersion, MalformedMessage. */
  decodeValue(bytes: Buffer): V
}

export type AnyCoordinatorRecord = CoordinatorRecord<number, unknown, never, unknown, never>

/** A key with what it says about the value that belongs to it. `type` tells the kinds apart. */
export type DecodedKey<R> =
  R extends CoordinatorRecord<infer T, infer K, infer _KIn, infer _V, infer _VIn>
    ? { readonly type: T; readonly record: R; readonly key: K }
    : never

/** A whole record. A value of null is a tombstone: it removes what the key names. */
export type DecodedRecord<R> =
  R extends CoordinatorRecord<infer T, infer K, infer _KIn, infer V, infer _VIn>
    ? { readonly type: T; readonly record: R; readonly key: K; readonly value: V | null }
    : never

export function defineRecord<const T extends number, const K extends Fields, const V extends Fields>(
  definition: RecordDefinition<T, K, V>,
): CoordinatorRecord<T, Decoded<K>, Encodable<K>, Decoded<V>, Encodable<V>> {
  const { type, name } = definition
  const key = defineMessage({ name: `${name}Key`, versions: '0', flexible: 'none', fields: definition.key })
  const value = defineMessage({ name: `${name}Value`, ...definition.value })
  return {
    type,
    name,
    key,
    value,
    encodeKey: (fields) => encodePrefixed(key, type, fields, 0),
    encodeValue: (fields, version) => encodePrefixed(value, version, fields, version),
    decodeValue: (bytes) => {
      const reader = new Reader(bytes)
      const version = reader.int16()
      if (!includes(value.versions, version)) throw new UnknownRecordVersion(value.name, version)
      return value.decode(reader, version)
    },
  }
}

function encodePrefixed<In>(message: Message<unknown, In>, prefix: number, fields: In, version: number): Buffer {
  const writer = new Writer()
  writer.int16(prefix)
  message.codec(version).encode(writer, fields)
  return writer.toBuffer()
}

/** The records of one internal topic, found by their type. */
export interface RecordTopic<R> {
  readonly topic: string
  readonly records: readonly R[]
  /** Throws UnknownRecordType, MalformedMessage. */
  decodeKey(bytes: Buffer): DecodedKey<R>
  /** Throws UnknownRecordType, UnknownRecordVersion, MalformedMessage. */
  decode(key: Buffer, value: Buffer | null): DecodedRecord<R>
}

export function defineRecordTopic<const R extends AnyCoordinatorRecord>(topic: string, records: readonly R[]): RecordTopic<R> {
  const byType = new Map(records.map((record) => [record.type, record]))
  const decodeKey = (bytes: Buffer): DecodedKey<R> => {
    const reader = new Reader(bytes)
    const type = reader.int16()
    const record = byType.get(type)
    if (record === undefined) throw new UnknownRecordType(topic, type)
    return { type, record, key: record.key.decode(reader, 0) } as DecodedKey<R>
  }
  const decode = (key: Buffer, value: Buffer | null): DecodedRecord<R> => {
    const decoded = decodeKey(key)
    return { ...decoded, value: value === null ? null : decoded.record.decodeValue(value) } as unknown as DecodedRecord<R>
  }
  return { topic, records, decodeKey, decode }
}
