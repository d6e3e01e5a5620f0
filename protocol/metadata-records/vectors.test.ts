import { describe, expect, test } from '@jest/globals'
import { recordsOf } from '../records/batch-records.ts'
import { recordBatches } from '../records/record-batch.ts'
import { MalformedMessage } from '../schema/malformed-message.ts'
import { UnknownRecordType } from '../schema/unknown-record.ts'
import { comparable, fromKafkaJson, type KafkaJson, withDefaults } from '../vectors/kafka-json.ts'
import type { AnyMessage } from '../vectors/load-schemas.ts'
import { readVectors } from '../vectors/read-vectors.ts'
import * as controlRecords from './control-records.ts'
import type { MetadataRecord } from './define-record.ts'
import { metadataRecords } from './metadata-records.ts'

type Loose = MetadataRecord<number, unknown, unknown>

function recordOf(type: number): Loose {
  const found = metadataRecords.records.find((record) => record.type === type)
  if (found === undefined) throw new Error(`no record ${type}`)
  return found as unknown as Loose
}

const expected = (message: AnyMessage, json: KafkaJson): unknown =>
  comparable(withDefaults(message.fields, fromKafkaJson(message.fields, json)))

interface RecordVector {
  readonly record: string
  readonly recordType: number
  readonly version: number
  readonly variant: string
  readonly json: KafkaJson
  readonly hexWithFrame: string
}

describe('metadata records', () => {
  const vectors = [...readVectors<RecordVector>('metadata-records'), ...readVectors<RecordVector>('metadata-records-4.4')]
  test.each(vectors.map((vector) => [`${vector.record} v${vector.version} ${vector.variant}`, vector] as const))(
    'are stored as Kafka stores them: %s',
    (_title, { recordType, record, version, variant, json, hexWithFrame }) => {
      const decoded = metadataRecords.decode(Buffer.from(hexWithFrame, 'hex'))
      const { message, encode } = recordOf(recordType)
      expect({ type: decoded.type, version: decoded.version, name: message.name }).toEqual({
        type: recordType,
        version,
        name: record,
      })
      expect(comparable(decoded.value)).toEqual(expected(message, json))
      if (variant !== 'unknownTags') {
        expect(encode(fromKafkaJson(message.fields, json), version).toString('hex')).toBe(hexWithFrame)
      }
    },
  )

  test('of a newer version are read as the newest known; another frame, another type, bytes after the record are not', () => {
    const decode = (hex: string): unknown => metadataRecords.decode(Buffer.from(hex, 'hex'))
    expect(decode('01140500')).toMatchObject({ type: 20, version: 5, value: {} })
    expect(() => decode('02140000')).toThrow(MalformedMessage)
    expect(() => decode('01060000')).toThrow(UnknownRecordType)
    expect(() => decode('0114000000')).toThrow(MalformedMessage)
    expect(() => decode('0114')).toThrow(MalformedMessage)
  })
})

describe('the metadata log', () => {
  interface LogRecord extends RecordVector {
    readonly offset: number
    readonly controlType?: number
    readonly keyHex?: string
    readonly hex: string
  }
  interface BatchVector {
    readonly file: string
    readonly position: number
    readonly records: readonly LogRecord[]
    readonly hex: string
  }
  const messages = new Map<string, AnyMessage>(
    Object.values(controlRecords).flatMap((value) => (typeof value === 'function' ? [] : [[value.name, value as AnyMessage]])),
  )

  test.each(readVectors<BatchVector>('metadata-log').map((vector) => [`${vector.file} at ${vector.position}`, vector] as const))(
    'is read, and its records are written again: %s',
    (_title, { records, hex }) => {
      const [batch] = recordBatches(Buffer.from(hex, 'hex'))
      if (batch === undefined) throw new Error('no batch')
      const found = [...recordsOf(batch, 1_000_000)]
      expect(found.map(({ offset }) => Number(offset))).toEqual(records.map(({ offset }) => offset))
      for (const [index, vector] of records.entries()) {
        const { key, value } = found[index] as { key: Buffer | null; value: Buffer | null }
        if (value === null) throw new Error('no value')
        expect(value.toString('hex')).toBe(vector.hex)
        if (vector.controlType !== undefined) {
          const message = messages.get(vector.record) as AnyMessage
          const decoded = controlRecords.decodeControlRecord(key as Buffer, value)
          expect(decoded.type).toBe(vector.controlType)
          expect(comparable(decoded.value)).toEqual(expected(message, vector.json))
          expect(message.encode(decoded.value, vector.version).toString('hex')).toBe(vector.hex)
        } else {
          const decoded = metadataRecords.decode(value)
          const record = recordOf(vector.recordType)
          expect(decoded.type).toBe(vector.recordType)
          expect(comparable(decoded.value)).toEqual(expected(record.message as AnyMessage, vector.json))
          expect(record.encode(decoded.value, decoded.version).toString('hex')).toBe(vector.hex)
        }
      }
    },
  )
})
