import assert from 'node:assert/strict'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { headerTags, requestHeader, responseHeader } from '../schema/header.ts'
import { MalformedMessage } from '../schema/malformed-message.ts'
import { defineMessage } from '../schema/message.ts'
import { Reader } from '../schema/reader.ts'
import { Writer } from '../schema/writer.ts'
import { addUnknownTags, comparable, fromKafkaJson, type KafkaJson, withDefaults } from '../vectors/kafka-json.ts'
import { type AnyMessage, loadSchemas, type Schemas } from '../vectors/load-schemas.ts'
import { readVectors } from '../vectors/read-vectors.ts'

interface MessageVector {
  readonly api: string
  readonly type: 'request' | 'response' | 'header' | 'data'
  readonly version: number
  readonly variant: string
  readonly unstable?: boolean
  readonly json: KafkaJson
  readonly unknownTags?: readonly { path: string; tag: number; hex: string }[]
  readonly hex: string
}

/** What only controllers say to each other, or only Kafka's own client library uses. */
const leftOut =
  /^(AllocateProducerIds|AlterPartition|AssignReplicasToDirs|BeginQuorumEpoch|BrokerHeartbeat|BrokerRegistration|ControllerRegistration|DefaultPrincipalData|EndQuorumEpoch|Envelope|FetchSnapshot|UpdateRaftVoter|Vote|RequestHeader)$/

const nameOf = ({ api, type }: Pick<MessageVector, 'api' | 'type'>): string =>
  type === 'request' ? `${api}Request` : type === 'response' ? `${api}Response` : api

let schemas: Schemas
beforeAll(async () => {
  schemas = await loadSchemas()
})

function messageOf(vector: Pick<MessageVector, 'api' | 'type'>): AnyMessage {
  if (vector.api === 'ResponseHeader') return responseHeader as AnyMessage
  const message = schemas.messages.get(nameOf(vector))
  if (message === undefined) throw new Error(`${nameOf(vector)} has no schema`)
  return message
}

function check(vector: MessageVector): void {
  const message = messageOf(vector)
  const { version, hex, json } = vector
  const value = fromKafkaJson(message.fields, json)
  const bytes = Buffer.from(hex, 'hex')
  const reader = new Reader(bytes)
  assert.deepEqual(comparable(message.decode(reader, version)), comparable(withDefaults(message.fields, value)))
  assert.equal(reader.remaining, 0)
  if (vector.unknownTags !== undefined) addUnknownTags(value, vector.unknownTags)
  assert.equal(message.encode(value, version).toString('hex'), hex)
  const kept = message.decode(new Reader(bytes, 0, bytes.length, { keepUnknownTags: true }), version)
  assert.equal(message.encode(kept, version).toString('hex'), hex)
}

describe('messages', () => {
  // Later releases rename a field here and there: 4.4 stands for 4.3 where both have a message.
  const newer = readVectors<MessageVector>('messages-4.4')
  const renamed = new Set(newer.map((vector) => `${nameOf(vector)} ${vector.version} ${vector.variant}`))
  const stands = (vector: MessageVector): boolean => !renamed.has(`${nameOf(vector)} ${vector.version} ${vector.variant}`)
  const files = {
    4.4: newer,
    4.3: readVectors<MessageVector>('messages').filter(stands),
    3.9: readVectors<MessageVector>('messages-3.9'),
  }
  test.each(Object.entries(files))('are read and written as Kafka %s does', (_release, vectors) => {
    const failures: string[] = []
    let checked = 0
    for (const vector of vectors.filter(({ api, unstable }) => !leftOut.test(api) && unstable !== true)) {
      checked++
      try {
        check(vector)
      } catch (error) {
        failures.push(`${nameOf(vector)} v${vector.version} ${vector.variant}: ${String(error)}`)
      }
    }
    expect(failures).toEqual([])
    expect(checked).toBeGreaterThan(50)
  })

  test('of every schema are among them in every version', () => {
    const seen = new Set(
      Object.values(files).flatMap((vectors) => vectors.map((vector) => `${nameOf(vector)} ${vector.version}`)),
    )
    const unseen = schemas.apis.flatMap(({ request, response, versions }) =>
      [request.name, response.name].flatMap((name) =>
        Array.from({ length: versions.max - versions.min + 1 }, (_, index) => `${name} ${versions.min + index}`),
      ),
    )
    expect(unseen.filter((name) => !seen.has(name))).toEqual([])
  })
})

describe('malformed requests', () => {
  interface MalformedVector extends MessageVector {
    readonly name: string
    readonly error?: object
    readonly bytesLeft?: number
  }

  test.each(
    readVectors<MalformedVector>('malformed').map(
      (vector) => [`${vector.name}, ${vector.api} v${vector.version}`, vector] as const,
    ),
  )('are taken as Kafka takes them: %s', (_title, vector) => {
    const message = messageOf(vector)
    const reader = new Reader(Buffer.from(vector.hex, 'hex'))
    if (vector.error !== undefined) {
      expect(() => message.decode(reader, vector.version)).toThrow(MalformedMessage)
      return
    }
    const expected = withDefaults(message.fields, fromKafkaJson(message.fields, vector.json))
    // Java puts one replacement character for a whole ill-formed sequence, the WHATWG decoder one for each of its bytes.
    const onlyOnce = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(comparable(value), (_name, inner) => (typeof inner === 'bigint' ? `${inner}` : inner)).replaceAll(
          /\ufffd+/g,
          '\ufffd',
        ),
      )
    expect(onlyOnce(message.decode(reader, vector.version))).toEqual(onlyOnce(expected))
    expect(reader.remaining).toBe(vector.bytesLeft)
  })
})

describe('frames', () => {
  interface FrameVector {
    readonly api: string
    readonly apiKey: number
    readonly type: 'request' | 'response'
    readonly version: number
    readonly variant: string
    readonly headerVersion: number
    readonly correlationId: number
    readonly clientId?: string | null
    readonly hex: string
  }

  const anyTags = defineMessage({ name: 'AnyTags', versions: '0', flexible: '0+', fields: {} })

  test.each(
    readVectors<FrameVector>('framing')
      .filter(({ variant }) => variant !== 'refused')
      .map((vector, index) => [index, vector] as const),
  )('have the header that Kafka gives them: %d', (_index, vector) => {
    const bytes = Buffer.from(vector.hex, 'hex')
    const reader = new Reader(bytes, 4, bytes.length, { keepUnknownTags: true })
    expect(bytes.readInt32BE(0)).toBe(reader.remaining)
    const writer = new Writer()
    if (vector.type === 'request') {
      const header = requestHeader.decode(reader, 1)
      const { apiKey, version, correlationId, clientId } = vector
      expect(header).toEqual({ requestApiKey: apiKey, requestApiVersion: version, correlationId, clientId })
      requestHeader.codec(1).encode(writer, header)
      if (vector.headerVersion === 2) anyTags.codec(0).encode(writer, headerTags.decode(reader, 0))
    } else {
      const header = responseHeader.decode(reader, vector.headerVersion)
      expect(header).toMatchObject({ correlationId: vector.correlationId })
      responseHeader.codec(vector.headerVersion).encode(writer, header)
    }
    const header = writer.toBuffer()
    expect(header.toString('hex')).toBe(bytes.subarray(4, 4 + header.length).toString('hex'))
  })
})
