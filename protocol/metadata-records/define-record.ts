import type { Decoded, Encodable, Fields } from '../schema/field.ts'
import { MalformedMessage } from '../schema/malformed-message.ts'
import { defineMessage, type Message, type MessageDefinition } from '../schema/message.ts'
import { Reader } from '../schema/reader.ts'
import { UnknownRecordType } from '../schema/unknown-record.ts'
import { Writer } from '../schema/writer.ts'

/** The version of the frame around every record: it has been 1 since KRaft began, and Kafka reads no other. */
const FRAME_VERSION = 1

/** One kind of record of the metadata log. */
export interface MetadataRecord<T extends number, Out, In> {
  readonly type: T
  readonly message: Message<Out, In>
  /** The record's value in the log: frame version, type and version as unsigned varints, then the fields. The key is null. */
  encode(value: In, version: number): Buffer
}

export type AnyMetadataRecord = MetadataRecord<number, unknown, never>

/** A record out of the log. `type` tells the kinds apart; `version` is what was written, be it above the known ones. */
export type DecodedRecord<R> =
  R extends MetadataRecord<infer T, infer Out, infer _In>
    ? { readonly type: T; readonly record: R; readonly version: number; readonly value: Out }
    : never

export function defineRecord<const T extends number, const F extends Fields>(
  definition: MessageDefinition<F> & { readonly type: T },
): MetadataRecord<T, Decoded<F>, Encodable<F>> {
  const { type } = definition
  const message = defineMessage<F>(definition)
  return {
    type,
    message,
    encode: (value, version) => {
      const writer = new Writer()
      writer.unsignedVarint(FRAME_VERSION)
      writer.unsignedVarint(type)
      writer.unsignedVarint(version)
      message.codec(version).encode(writer, value)
      return writer.toBuffer()
    },
  }
}

/** Records found by their type. */
export interface RecordRegistry<R> {
  readonly records: readonly R[]
  /** Throws UnknownRecordType, MalformedMessage. */
  decode(bytes: Buffer): DecodedRecord<R>
}

export function defineRecordRegistry<const R extends AnyMetadataRecord>(records: readonly R[]): RecordRegistry<R> {
  const byType = new Map(records.map((record) => [record.type, record]))
  const decode = (bytes: Buffer): DecodedRecord<R> => {
    const reader = new Reader(bytes)
    const frameVersion = reader.unsignedVarint()
    if (frameVersion !== FRAME_VERSION) {
      throw new MalformedMessage(`The frame of a metadata record has version ${frameVersion} instead of ${FRAME_VERSION}.`)
    }
    const type = reader.unsignedVarint()
    const version = reader.unsignedVarint()
    const record = byType.get(type)
    if (record === undefined) throw new UnknownRecordType('The metadata log', type)
    const { message } = record
    // Kafka reads a version above the known ones as the newest that it knows, and then insists that nothing follows.
    const value = message.decode(reader, Math.min(version, message.versions.max))
    if (reader.remaining > 0) {
      throw new MalformedMessage(`${reader.remaining} bytes follow a ${message.name}.`)
    }
    return { type, record, version, value } as unknown as DecodedRecord<R>
  }
  return { records, decode }
}
