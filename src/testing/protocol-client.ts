import { connect, type Socket } from 'node:net'
import type { AnyApi, Api } from '../../protocol/schema/api.ts'
import { requestHeader, requestHeaderVersion, responseHeader, responseHeaderVersion } from '../../protocol/schema/header.ts'
import { Reader } from '../../protocol/schema/reader.ts'
import { Writer } from '../../protocol/schema/writer.ts'

export interface ProtocolClientOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string
  /** What requests say in their headers; null: nothing. */
  readonly clientId?: string | null
}

interface Waiting {
  resolve(frame: Buffer): void
  reject(error: Error): void
}

/** A whole request as it goes over the wire, its size before it. */
export function encodeRequest<Q, QIn, S, SIn>(
  api: Api<Q, QIn, S, SIn>,
  version: number,
  body: QIn,
  { correlationId = 0, clientId = 'test' }: { readonly correlationId?: number; readonly clientId?: string | null } = {},
): Buffer {
  const writer = new Writer()
  writer.beginFrame()
  requestHeader.codec(1).encode(writer, { requestApiKey: api.key, requestApiVersion: version, correlationId, clientId })
  if (requestHeaderVersion(api as unknown as AnyApi, version) === 2) writer.unsignedVarint(0)
  api.request.codec(version).encode(writer, body)
  writer.finish()
  return writer.toBuffer()
}

/**
 * A client for tests that adds nothing to the protocol: no retries, no metadata, no timeouts. Any number of requests may be
 * under way; each promise is settled by the next frame in turn, as Kafka answers a connection in order.
 *
 *     await using client = await ProtocolClient.connect(port)
 *     const { apiKeys } = await client.request(apiVersions, 4, { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
 */
export class ProtocolClient {
  /** For what only a socket can do: `pause`, `end`, `resetAndDestroy`. */
  readonly socket: Socket
  /** Settled when the connection has ended, by whomever. */
  readonly closed: Promise<void>
  readonly #clientId: string | null
  readonly #waiting: Waiting[] = []
  /** Frames that nobody has asked for yet. */
  readonly #frames: Buffer[] = []
  #received: Buffer = Buffer.alloc(0)
  #chunks: Buffer[] = []
  #chunkBytes = 0
  /** Fewer hold no whole frame. */
  #wantedBytes = 4
  #correlationId = 0
  #ended = false

  private constructor(socket: Socket, clientId: string | null) {
    this.socket = socket
    this.#clientId = clientId
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', () => socket.destroy())
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true
        for (const { reject } of this.#waiting.splice(0)) reject(new Error('the broker closed the connection'))
        resolve()
      })
    })
  }

  static async connect(port: number, options: ProtocolClientOptions = {}): Promise<ProtocolClient> {
    const { host = '127.0.0.1', clientId = 'test' } = options
    const socket = connect({ port, host })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new ProtocolClient(socket, clientId)
  }

  /** Sends a request; its response. Rejects when the connection ends before it. */
  async request<Q, QIn, S, SIn>(api: Api<Q, QIn, S, SIn>, version: number, body: QIn): Promise<S> {
    const correlationId = this.send(api, version, body)
    return decodeResponse(await this.frame(), api, version, correlationId)
  }

  /** Sends a request to which no answer is expected (Produce with acks=0), or whose frame the test will read. Gives its correlation id. */
  send<Q, QIn, S, SIn>(api: Api<Q, QIn, S, SIn>, version: number, body: QIn): number {
    const correlationId = this.#correlationId++
    this.write(encodeRequest(api, version, body, { correlationId, clientId: this.#clientId }))
    return correlationId
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer | string): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes)
  }

  /** The next frame from the broker, without its size. */
  frame(): Promise<Buffer> {
    const frame = this.#frames.shift()
    if (frame !== undefined) return Promise.resolve(frame)
    if (this.#ended) return Promise.reject(new Error('the connection has ended'))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async close(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #receive(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#chunkBytes += bytes.length
    // Joined only when a frame is whole: large answers come in thousands of chunks.
    if (this.#chunkBytes < this.#wantedBytes) return
    this.#received = this.#chunks.length === 1 ? bytes : Buffer.concat(this.#chunks)
    this.#takeFrames()
    this.#chunks = [this.#received]
    this.#chunkBytes = this.#received.length
    this.#wantedBytes = this.#received.length < 4 ? 4 : 4 + this.#received.readInt32BE(0)
  }

  #takeFrames(): void {
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#frames.push(frame)
      else waiting.resolve(frame)
    }
  }
}

/** Reads a response's frame, whose header must answer the request. */
export function decodeResponse<Q, QIn, S, SIn>(
  frame: Buffer,
  api: Api<Q, QIn, S, SIn>,
  version: number,
  correlationId: number,
): S {
  const reader = new Reader(frame)
  const header = responseHeader.codec(responseHeaderVersion(api as unknown as AnyApi, version)).decode(reader)
  if (header.correlationId !== correlationId) {
    throw new Error(`a response to request ${header.correlationId} where the one to ${correlationId} was due`)
  }
  return api.response.codec(version).decode(reader)
}
