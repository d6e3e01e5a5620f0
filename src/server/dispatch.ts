import { AssertionError } from 'node:assert'
import { errorCode, KafkaError } from '../../protocol/errors.ts'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import {
  decodeRequestHeader,
  headerTags,
  requestHeaderVersion,
  responseHeader,
  responseHeaderVersion,
} from '../../protocol/schema/header.ts'
import { MalformedMessage } from '../../protocol/schema/malformed-message.ts'
import { Reader } from '../../protocol/schema/reader.ts'
import { type EncodedMessage, Writer } from '../../protocol/schema/writer.ts'
import type { Answer, ApiRow, ApiTable, ConnectionFacts, RequestContext, Services, Started } from '../apis/table.ts'
import type { Logger } from '../environment/logger.ts'
import type { Frame } from './frame.ts'
import { shorten } from './shorten.ts'

export interface DispatchOptions {
  readonly table: ApiTable
  readonly services: Services
  readonly logger: Logger
  /** A failed assertion: the broker stops at once. */
  readonly bug: (error: Error) => void
}

/** What a connection lends to a request. */
export interface Requester {
  readonly facts: ConnectionFacts
  readonly clientHost: string
  afterResponse(run: () => void): void
}

/** A request under way. `response` null: none is sent. */
export interface Dispatched {
  /** The next request does not wait for this one's answer. */
  readonly pipelined: boolean
  /** Settled when the connection's next request may start; undefined: now. */
  readonly ordered: undefined | Promise<void>
  readonly response: EncodedMessage | null | Promise<EncodedMessage | null>
}

/** The request cannot be answered: its connection ends, with this in the log: what the client did, as the end of a sentence. */
export class Unanswerable extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'Unanswerable'
  }
}

interface Call {
  readonly row: ApiRow
  readonly version: number
  readonly correlationId: number
  readonly request: unknown
}

/**
 * From a frame to its response: header, row of the table, body, handler, answer. Each fate of an error has its place here: a refusal is
 * answered as the schema says, a broken request closes the connection (Unanswerable), a failed assertion stops the broker, anything else is
 * a bug that costs one request.
 */
export class Dispatch {
  readonly #options: DispatchOptions

  constructor(options: DispatchOptions) {
    this.#options = options
  }

  /** Why no request of this API and version is answered, as the end of a sentence; null: it may be. */
  refusal(apiKey: number, version: number): string | null {
    const { table } = this.#options
    const row = table.find(apiKey)
    const isKnown = table.serves(apiKey, version) !== undefined || (row !== undefined && apiKey === apiVersions.key)
    return isKnown ? null : unknownSentence(row, apiKey, version, null)
  }

  /** Throws Unanswerable. */
  start(frame: Frame, requester: Requester): Dispatched {
    const reader = new Reader(frame.bytes, 0, frame.bytes.length, { records: (start, end) => frame.records(start, end) })
    const header = decodeOr(() => decodeRequestHeader(reader), 'a request header that cannot be read')
    const { requestApiKey, requestApiVersion: version, correlationId } = header
    const row = this.#options.table.serves(requestApiKey, version)
    if (row === undefined) {
      if (requestApiKey === apiVersions.key && this.#options.table.find(apiVersions.key) !== undefined) {
        return { pipelined: false, ordered: undefined, response: this.#unsupportedApiVersions(correlationId) }
      }
      throw new Unanswerable(unknownSentence(this.#options.table.find(requestApiKey), requestApiKey, version, header.clientId))
    }
    const request = decodeOr(() => {
      if (requestHeaderVersion(row.api, version) === 2) headerTags.codec(0).decode(reader)
      return row.api.request.codec(version).decode(reader) as unknown
    }, `${row.api.name} ${version} that cannot be read`)
    const call = { row, version, correlationId, request }
    const context: RequestContext = {
      version,
      clientId: header.clientId ?? '',
      clientHost: requester.clientHost,
      principal: 'User:ANONYMOUS',
      connection: requester.facts,
      services: this.#options.services,
      afterResponse: (run) => requester.afterResponse(run),
    }
    this.#trace(call, 'request', request, requester)
    return this.#handle(call, context, requester)
  }

  #handle(call: Call, context: RequestContext, requester: Requester): Dispatched {
    let started: Started<unknown>
    try {
      started = call.row.start(call.request, context)
    } catch (error) {
      return { pipelined: false, ordered: undefined, response: this.#encode(call, this.#failed(call, error), requester) }
    }
    const { pipelined } = call.row
    const { ordered, response } = started
    if (!(response instanceof Promise)) {
      // Nobody looks at it when the answer cannot be written.
      ordered?.catch(nothing)
      return { pipelined, ordered, response: this.#encode(call, response, requester) }
    }
    const encoded = response.then(
      (answer) => this.#encode(call, answer, requester),
      (error: unknown) => this.#encode(call, this.#failed(call, error), requester),
    )
    if (pipelined) return { pipelined, ordered, response: encoded }
    // As in Kafka, the next request of a connection waits for the answer to this one.
    return { pipelined, ordered: encoded.then(nothing, nothing), response: encoded }
  }

  /** The answer to a request whose handler threw. */
  #failed(call: Call, error: unknown): unknown {
    if (error instanceof Unanswerable) throw error
    if (error instanceof AssertionError) {
      this.#options.bug(error)
      throw new Unanswerable('its request met a fault of the broker, which stops')
    }
    const refuse = call.row.api.refuse as unknown as (request: unknown, error: KafkaError) => unknown
    if (error instanceof KafkaError) return refuse(call.request, error)
    const { name, key } = call.row.api
    this.#options.logger.error(
      { err: error, api: name, version: call.version, request: shorten(call.request) },
      `A ${name} request failed by a fault of the broker.`,
    )
    // An idempotent producer that is told UNKNOWN_SERVER_ERROR may send its batch again under new sequences (KAFKA-14034).
    return refuse(call.request, new KafkaError(key === 0 ? 'KAFKA_STORAGE_ERROR' : 'UNKNOWN_SERVER_ERROR'))
  }

  #encode(call: Call, answer: Answer<unknown>, requester: Requester): EncodedMessage | null {
    if (answer === 'close')
      throw new Unanswerable(`its ${call.row.api.name} request was refused, and it wants no answer that could say so`)
    if (answer === null) return null
    const { api } = call.row
    this.#trace(call, 'response', answer, requester)
    const buffers = this.#options.services.environment.buffers
    const writer = new Writer(buffers)
    try {
      writer.beginFrame()
      responseHeader.codec(responseHeaderVersion(api, call.version)).encode(writer, { correlationId: call.correlationId })
      api.response.codec(call.version).encode(writer, answer as never)
      return writer.finish()
    } catch (error) {
      writer.release()
      const { name } = api
      this.#options.logger.error(
        { err: error, api: name, version: call.version, request: shorten(call.request) },
        `The response to ${name} could not be written.`,
      )
      throw new Unanswerable(`the response to its ${name} request could not be written`)
    }
  }

  /** A client newer than the broker learns by version 0 which versions of ApiVersions there are (KIP-511). */
  #unsupportedApiVersions(correlationId: number): EncodedMessage {
    const row = this.#options.table.find(apiVersions.key)
    const writer = new Writer(this.#options.services.environment.buffers)
    writer.beginFrame()
    responseHeader.codec(0).encode(writer, { correlationId })
    apiVersions.response.codec(0).encode(writer, {
      errorCode: errorCode('UNSUPPORTED_VERSION'),
      apiKeys: [{ apiKey: apiVersions.key, minVersion: row?.listed.min ?? 0, maxVersion: row?.listed.max ?? 0 }],
    })
    return writer.finish()
  }

  #trace(call: Call, direction: 'request' | 'response', body: unknown, requester: Requester): void {
    const { logger } = this.#options
    if (!logger.isLevelEnabled('trace')) return
    const { name } = call.row.api
    const fields = {
      connection: requester.facts.id,
      version: call.version,
      correlationId: call.correlationId,
      [direction]: shorten(body),
    }
    logger.trace(fields, `${name} ${direction}`)
  }
}

const nothing = (): void => {}

function decodeOr<T>(decode: () => T, what: string): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof MalformedMessage) throw new Unanswerable(`it sent ${what}: ${error.message.replace(/\.$/, '')}`)
    throw error
  }
}

function unknownSentence(row: ApiRow | undefined, key: number, version: number, clientId: string | null): string {
  const client = clientId ? ` by client ${JSON.stringify(shorten(clientId))}` : ''
  if (row === undefined) return `it sent a request of API key ${key} (version ${version})${client}, which is not served here`
  const { min, max } = row.served
  return `it sent ${row.api.name} version ${version}${client}, and versions ${min} to ${max} are served here`
}
