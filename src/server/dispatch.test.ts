import { AssertionError } from 'node:assert'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { errorCode, KafkaError } from '../../protocol/errors.ts'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import { heartbeat } from '../../protocol/messages/heartbeat.ts'
import { metadata } from '../../protocol/messages/metadata.ts'
import { produce } from '../../protocol/messages/produce.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import type { AnyApi, Api } from '../../protocol/schema/api.ts'
import type { EncodedMessage } from '../../protocol/schema/writer.ts'
import { comparable, fromKafkaJson, type KafkaJson, withDefaults } from '../../protocol/vectors/kafka-json.ts'
import { loadSchemas, type Schemas } from '../../protocol/vectors/load-schemas.ts'
import { readVectors } from '../../protocol/vectors/read-vectors.ts'
import type { ApiRow, RequestContext } from '../apis/table.ts'
import { decodeResponse, encodeRequest } from '../testing/protocol-client.ts'
import { type Dispatched, Unanswerable } from './dispatch.ts'
import { Frame } from './frame.ts'
import { pipelinedRow, row, TestListener } from './test-listener.ts'

const facts = { id: 1, listener: 'PLAINTEXT', localAddress: '', localPort: 0, remoteAddress: '', onClose: () => () => {} }

/** Dispatches a frame with these rows; nothing is bound for it. */
async function start(rows: readonly ApiRow[], bytes: Buffer) {
  const broker = await TestListener.open(rows, { begins: false })
  await broker.close()
  const memory = { buffers: broker.buffers, received: broker.received }
  const frame = new Frame(memory, bytes, null)
  const requester = { facts, clientHost: '127.0.0.1', afterResponse: () => {} }
  const begin = (): Dispatched => broker.dispatch().start(frame, requester)
  return { broker, begin }
}

/** The bytes of an answer, which is then given back. */
function bytesOf(answer: EncodedMessage): Buffer {
  const bytes = Buffer.concat(answer.chunks)
  answer.release()
  return bytes
}

async function answerTo<Q, QIn, S, SIn>(rows: readonly ApiRow[], api: Api<Q, QIn, S, SIn>, version: number, body: QIn) {
  const { broker, begin } = await start(rows, encodeRequest(api, version, body, { correlationId: 7 }).subarray(4))
  const answer = await begin().response
  if (answer === null) throw new Error('no answer')
  const response = decodeResponse(bytesOf(answer).subarray(4), api, version, 7)
  expect(broker.buffers.taken).toBe(0)
  return { broker, response }
}

const beat = { groupId: 'g', generationId: 1, memberId: 'm' }
const produceBody = {
  transactionalId: null,
  acks: 1,
  timeoutMs: 1000,
  topicData: [{ name: 'orders', partitionData: [{ index: 3, records: new OwnedRecords(Buffer.alloc(0)) }] }],
}

describe('the fate of a request', () => {
  const throwers = [
    [
      'throws',
      (error: Error) => {
        throw error
      },
    ],
    ['rejects', (error: Error) => Promise.reject(error)],
  ] as const
  describe.each(throwers)('whose handler %s', (_name, fail) => {
    test('a KafkaError is answered as the schema refuses', async () => {
      const { response } = await answerTo([row(heartbeat, () => fail(new KafkaError('UNKNOWN_MEMBER_ID')))], heartbeat, 4, beat)
      expect(response.errorCode).toBe(errorCode('UNKNOWN_MEMBER_ID'))
      const refusing = [row(metadata, () => fail(new KafkaError('INVALID_REQUEST')))]
      const refused = await answerTo(refusing, metadata, 12, { topics: [{ name: 'orders' }] })
      expect(refused.response.topics.map(({ errorCode, name }) => ({ errorCode, name }))).toEqual([
        { errorCode: 42, name: 'orders' },
      ])
    })

    test('any other error is UNKNOWN_SERVER_ERROR and one line with the request', async () => {
      const { broker, response } = await answerTo([row(heartbeat, () => fail(new Error('a bug')))], heartbeat, 4, beat)
      expect(response.errorCode).toBe(-1)
      const [line, ...more] = broker.logger.lines.filter(({ level }) => level === 'error')
      expect(more).toEqual([])
      expect(line?.fields).toMatchObject({ api: 'Heartbeat', version: 4, request: { groupId: 'g', memberId: 'm' } })
    })

    test('any other error on Produce is KAFKA_STORAGE_ERROR, after which a producer keeps its sequences (KAFKA-14034)', async () => {
      const rows = [pipelinedRow(produce, () => ({ ordered: undefined, response: fail(new Error('a bug')) }))]
      const { response } = await answerTo(rows, produce, 9, produceBody)
      expect(response.responses[0]?.partitionResponses[0]).toMatchObject({
        index: 3,
        errorCode: errorCode('KAFKA_STORAGE_ERROR'),
      })
    })

    test('a failed assertion stops the broker and is not answered', async () => {
      const failed = new AssertionError({ message: 'an invariant' })
      const { broker, begin } = await start([row(heartbeat, () => fail(failed))], encodeRequest(heartbeat, 4, beat).subarray(4))
      await expect((async () => begin().response)()).rejects.toThrow(Unanswerable)
      expect(broker.bugs).toEqual([failed])
    })
  })

  test('a response that cannot be encoded closes the connection, gives its memory back and is logged', async () => {
    const broken = row(heartbeat, () => ({ errorCode: 70_000 }))
    const { broker, begin } = await start([broken], encodeRequest(heartbeat, 4, beat).subarray(4))
    expect(begin).toThrow(Unanswerable)
    expect(broker.logger.messages('error')).toEqual(['The response to Heartbeat could not be written.'])
    expect(broker.buffers.taken).toBe(0)
  })

  test('a handler is told what the header says', async () => {
    let told: Partial<RequestContext> = {}
    const rows = [
      row(heartbeat, (_request, context) => {
        told = context
        return { errorCode: 0 }
      }),
    ]
    const { begin } = await start(rows, encodeRequest(heartbeat, 3, beat, { clientId: 'reader-7' }).subarray(4))
    begin()
    expect(told).toMatchObject({ version: 3, clientId: 'reader-7', clientHost: '127.0.0.1' })
    const { begin: again } = await start(rows, encodeRequest(heartbeat, 3, beat, { clientId: null }).subarray(4))
    again()
    expect(told.clientId).toBe('')
  })

  test('a long client id does not fill the log', async () => {
    const request = encodeRequest(heartbeat, 4, beat, { clientId: 'c'.repeat(30_000) }).subarray(4)
    request.writeInt16BE(99, 2)
    const { begin } = await start([row(heartbeat, () => ({ errorCode: 0 }))], request)
    let sentence = ''
    try {
      begin()
    } catch (error) {
      sentence = (error as Error).message
    }
    expect(sentence.length).toBeLessThan(500)
  })
})

interface FramingVector {
  readonly api?: string
  readonly name?: string
  readonly type: 'request' | 'response'
  readonly version: number
  readonly variant: string
  readonly correlationId: number
  readonly clientId?: string | null
  readonly hex: string
}

interface MalformedVector {
  readonly name: string
  readonly api: string
  readonly version: number
  readonly hex: string
  readonly error?: object
  readonly json?: KafkaJson
}

describe("frames made by Kafka's own classes", () => {
  let schemas: Schemas
  const apis = new Map<string, AnyApi>()
  beforeAll(async () => {
    schemas = await loadSchemas()
    for (const api of schemas.apis) apis.set(api.name, api)
  })

  /** Every API there is; notes what the handler was given. */
  function rowsThatNote(note: (request: unknown, context: RequestContext) => void): ApiRow[] {
    return schemas.apis.map((api) =>
      row(api as unknown as Api<unknown, unknown, unknown, unknown>, (request, context) => {
        note(request, context)
        return null
      }),
    )
  }

  /** Frames of versions that the schemas have: of unstable ones there are vectors too. */
  function vectorsOf(wanted: FramingVector['type']): FramingVector[] {
    return readVectors<FramingVector>('framing').filter(({ type, variant, api, version }) => {
      if (type !== wanted || variant === 'refused' || variant === 'unsupportedVersion') return false
      const versions = apis.get(api ?? '')?.versions
      return versions !== undefined && versions.min <= version && version <= versions.max
    })
  }

  test('every request reaches its handler with the header that it has', async () => {
    const vectors = vectorsOf('request')
    const seen: unknown[] = []
    const rows = rowsThatNote((_request, { version, clientId }) => seen.push({ version, clientId }))
    for (const { hex } of vectors) (await start(rows, Buffer.from(hex, 'hex').subarray(4))).begin()
    expect(seen).toEqual(vectors.map(({ version, clientId }) => ({ version, clientId: clientId ?? '' })))
    expect(vectors.length).toBeGreaterThan(150)
  })

  test('every response has the header that Kafka gives it', async () => {
    const requests = vectorsOf('request')
    const responses = vectorsOf('response').filter(({ variant }) => variant === 'filled')
    for (const { api: name, version, correlationId, hex } of responses) {
      const api = apis.get(name ?? '') as unknown as Api<unknown, unknown, unknown, unknown>
      const request = requests.find((one) => one.api === name && one.version === version)
      const frame = Buffer.from(request?.hex ?? '', 'hex').subarray(4)
      frame.writeInt32BE(correlationId, 4)
      const response = decodeResponse(Buffer.from(hex, 'hex').subarray(4), api, version, correlationId)
      const { begin } = await start([row(api, () => response)], frame)
      const answer = await begin().response
      expect({ name, version, hex: bytesOf(answer as EncodedMessage).toString('hex') }).toEqual({ name, version, hex })
    }
    expect(responses.length).toBeGreaterThan(100)
  })

  test.each(readVectors<FramingVector>('framing').filter(({ variant }) => variant === 'refused'))(
    'closes the connection: $name',
    async ({ hex }) => {
      const { begin } = await start(
        rowsThatNote(() => {}),
        Buffer.from(hex, 'hex').subarray(4),
      )
      expect(begin).toThrow(Unanswerable)
    },
  )

  test('ApiVersions of a version that is not known is answered with version 0', async () => {
    const vectors = readVectors<FramingVector>('framing').filter(({ variant }) => variant === 'unsupportedVersion')
    const request = vectors.find(({ type }) => type === 'request')
    const response = vectors.find(({ type }) => type === 'response')
    const upTo4 = { ...row(apiVersions, () => ({ errorCode: 0, apiKeys: [] })), listed: { min: 0, max: 4 } }
    const { begin } = await start([upTo4], Buffer.from(request?.hex ?? '', 'hex').subarray(4))
    expect(bytesOf(begin().response as EncodedMessage).toString('hex')).toBe(response?.hex)
  })

  test.each(readVectors<MalformedVector>('malformed'))(
    '$api $version: $name',
    async ({ api: name, version, hex, error, json }) => {
      const api = apis.get(name) as AnyApi
      let request: unknown
      const rows = rowsThatNote((given) => {
        request = comparable(given)
      })
      const header = Buffer.alloc(api.request.isFlexible(version) ? 11 : 10)
      header.writeInt16BE(api.key, 0)
      header.writeInt16BE(version, 2)
      header.writeInt16BE(-1, 8)
      const { begin } = await start(rows, Buffer.concat([header, Buffer.from(hex, 'hex')]))
      if (error !== undefined) {
        expect(begin).toThrow(Unanswerable)
        return
      }
      begin()
      const { fields } = api.request
      // Java makes fewer U+FFFD of invalid UTF-8 than JavaScript does.
      if (/UTF-8/.test(name)) return
      expect(normal(request)).toEqual(normal(comparable(withDefaults(fields, fromKafkaJson(fields, json as KafkaJson)))))
    },
  )
})

/** Comparable by value. Java makes fewer U+FFFD of invalid UTF-8 than JavaScript does. */
const normal = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, inner) =>
      typeof inner === 'bigint' ? `${inner}n` : typeof inner === 'string' ? inner.replace(/\uFFFD+/g, '\uFFFD') : inner,
    ),
  )
