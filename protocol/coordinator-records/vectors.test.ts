import { describe, expect, test } from '@jest/globals'
import { MalformedMessage } from '../schema/malformed-message.ts'
import { UnknownRecordType, UnknownRecordVersion } from '../schema/unknown-record.ts'
import { comparable, fromKafkaJson, type KafkaJson, withDefaults } from '../vectors/kafka-json.ts'
import { readVectors } from '../vectors/read-vectors.ts'
import { consumerOffsetsRecords } from './consumer-offsets.ts'
import type { AnyCoordinatorRecord, CoordinatorRecord, RecordTopic } from './define-record.ts'
import { shareGroupStateRecords } from './share-group-state.ts'
import { transactionStateRecords } from './transaction-state.ts'

type Loose = CoordinatorRecord<number, unknown, unknown, unknown, unknown>

const topics = [
  consumerOffsetsRecords,
  transactionStateRecords,
  shareGroupStateRecords,
] as readonly RecordTopic<AnyCoordinatorRecord>[]

function topicOf(name: string): RecordTopic<AnyCoordinatorRecord> {
  const found = topics.find(({ topic }) => topic === name)
  if (found === undefined) throw new Error(`no records of ${name}`)
  return found
}

function recordOf(topic: string, type: number): Loose {
  const found = topicOf(topic).records.find((record) => record.type === type)
  if (found === undefined) throw new Error(`no record ${type} of ${topic}`)
  return found as unknown as Loose
}

interface RecordVector {
  readonly topic: string
  readonly record: string
  readonly recordType: number
  readonly type: 'key' | 'value'
  readonly version: number
  readonly variant: string
  readonly json: KafkaJson
  readonly hexWithVersion: string
}

describe('coordinator records', () => {
  const newer = readVectors<RecordVector>('coordinator-records-4.4')
  const renamed = new Set(newer.map(({ record }) => record))
  const vectors = [...newer, ...readVectors<RecordVector>('coordinator-records').filter(({ record }) => !renamed.has(record))]
  // The unknown tags of these vectors cannot come from JSON: only reading is checked for them.
  test.each(vectors.map((vector) => [`${vector.record} v${vector.version} ${vector.variant}`, vector] as const))(
    'are stored as Kafka stores them: %s',
    (_title, vector) => {
      const record = recordOf(vector.topic, vector.recordType)
      const side = vector.type === 'key' ? record.key : record.value
      expect(side.name).toBe(vector.record)
      const value = fromKafkaJson(side.fields, vector.json)
      const bytes = Buffer.from(vector.hexWithVersion, 'hex')
      const decoded = vector.type === 'key' ? topicOf(vector.topic).decodeKey(bytes).key : record.decodeValue(bytes)
      expect(comparable(decoded)).toEqual(comparable(withDefaults(side.fields, value)))
      if (vector.variant === 'unknownTags') return
      const encoded = vector.type === 'key' ? record.encodeKey(value) : record.encodeValue(value, vector.version)
      expect(encoded.toString('hex')).toBe(vector.hexWithVersion)
    },
  )

  interface LogVector {
    readonly topic: string
    readonly name: string
    readonly key: RecordVector & { readonly hex: string }
    readonly value: (RecordVector & { readonly hex: string }) | null
  }

  test.each(readVectors<LogVector>('coordinator-log').map((vector) => [vector.name, vector] as const))(
    'come out of the log whole: %s',
    (_name, { topic, key, value }) => {
      const decoded = topicOf(topic).decode(Buffer.from(key.hex, 'hex'), value === null ? null : Buffer.from(value.hex, 'hex'))
      const record = recordOf(topic, key.recordType)
      expect(decoded.type).toBe(key.recordType)
      expect(comparable(decoded.key)).toEqual(
        comparable(withDefaults(record.key.fields, fromKafkaJson(record.key.fields, key.json))),
      )
      if (value === null) expect(decoded.value).toBeNull()
      else {
        const fields = fromKafkaJson(record.value.fields, value.json)
        expect(comparable(decoded.value)).toEqual(comparable(withDefaults(record.value.fields, fields)))
        expect(record.encodeValue(fields, value.version).toString('hex')).toBe(value.hex)
      }
    },
  )

  test('of unknown types and versions are told apart from broken ones', () => {
    expect(() => consumerOffsetsRecords.decodeKey(Buffer.from('7fff', 'hex'))).toThrow(UnknownRecordType)
    expect(() => consumerOffsetsRecords.decodeKey(Buffer.from('00', 'hex'))).toThrow(MalformedMessage)
    expect(() => recordOf('__consumer_offsets', 1).decodeValue(Buffer.from('000900', 'hex'))).toThrow(UnknownRecordVersion)
    expect(() => recordOf('__consumer_offsets', 1).decodeValue(Buffer.from('0004', 'hex'))).toThrow(MalformedMessage)
  })

  test('are known by their type at compile time, too', () => {
    const key = Buffer.from('0002000167', 'hex')
    const decoded = consumerOffsetsRecords.decode(key, null)
    const group: string = decoded.type === 2 ? decoded.key.group : ''
    expect(group).toBe('g')
  })
})
