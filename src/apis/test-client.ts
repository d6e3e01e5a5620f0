import { connect, type Socket } from 'node:net'
import type { Api } from '../../protocol/schema/api.ts'
import {
  headerTags,
  requestHeader,
  requestHeaderVersion,
  responseHeader,
  responseHeaderVersion,
} from '../../protocol/schema/header.ts'
import { Reader } from '../../protocol/schema/reader.ts'
import { Writer } from '../../protocol/schema/writer.ts'

interface Waiting {
  take(frame: Buffer): void
  reject(error: Error): void
}

/** Speaks the protocol to a broker as a client of any version would: one request, one answer. */
export class TestClient {
  readonly #socket: Socket
  readonly #clientId: string
  readonly #waiting: Waiting[] = []
  #received: Buffer = Buffer.alloc(0)
  #correlationId = 0
  #ended = false

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket
    this.#clientId = clientId
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', () => {})
    socket.on('close', () => this.#end())
  }

  static connect(bootstrapServers: string, clientId = 'test'): Promise<TestClient> {
    const [, host, port] = /^(.*):(\d+)$/.exec(bootstrapServers) ?? []
    return new Promise((resolve, reject) => {
      const socket = connect({ host: host ?? '', port: Number(port) })
      socket.once('connect', () => resolve(new TestClient(socket, clientId)))
      socket.once('error', reject)
    })
  }

  /** Sends a request and gives its response; rejects if the broker closes the connection instead. */
  request<Q, QIn, S, SIn>(api: Api<Q, QIn, S, SIn>, version: number, request: QIn): Promise<S> {
    const answer = new Promise<S>((resolve, reject) => {
      const take = (frame: Buffer): void => {
        const reader = new Reader(frame)
        responseHeader.codec(responseHeaderVersion(api as never, version)).decode(reader)
        resolve(api.response.decode(reader, version))
      }
      if (this.#ended) reject(new Error('The connection is closed.'))
      else this.#waiting.push({ take, reject })
    })
    this.send(api, version, request)
    return answer
  }

  /** Sends a request that is not answered. */
  send<Q, QIn, S, SIn>(api: Api<Q, QIn, S, SIn>, version: number, request: QIn): void {
    const header = new Writer()
    requestHeader.codec(1).encode(header, {
      requestApiKey: api.key,
      requestApiVersion: version,
      correlationId: this.#correlationId++,
      clientId: this.#clientId,
    })
    if (requestHeaderVersion(api as never, version) === 2) headerTags.codec(0).encode(header, {})
    const bytes = Buffer.concat([header.toBuffer(), api.request.encode(request, version)])
    const size = Buffer.alloc(4)
    size.writeInt32BE(bytes.length)
    this.#socket.write(Buffer.concat([size, bytes]))
  }

  /** Settled when the broker has closed the connection. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) resolve()
      else this.#socket.once('close', () => resolve())
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const frame = Buffer.from(this.#received.subarray(4, end))
      this.#received = this.#received.subarray(end)
      this.#waiting.shift()?.take(frame)
    }
  }

  #end(): void {
    this.#ended = true
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The broker closed the connection.'))
  }
}
