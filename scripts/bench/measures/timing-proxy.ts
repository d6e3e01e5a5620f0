import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** One request that was answered: how long the broker took for it, as seen beside the broker. */
export interface TimedRequest {
  readonly apiKey: number
  readonly ms: number
  readonly responseBytes: number
}

/** Calls back for each whole frame of a stream: its length has 4 bytes. */
class Frames {
  #held: Buffer = Buffer.alloc(0)
  readonly #onFrame: (frame: Buffer) => void

  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame
  }

  take(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    while (this.#held.length >= 4) {
      const end = 4 + this.#held.readInt32BE(0)
      if (this.#held.length < end) return
      this.#onFrame(this.#held.subarray(4, end))
      this.#held = this.#held.subarray(end)
    }
  }
}

/** Stands between a client and a broker, passes every byte on at once, and times each request from its last byte to that of its response. */
export class TimingProxy implements AsyncDisposable {
  readonly port: number
  /** Answered requests, in the order of their answers. */
  readonly requests: TimedRequest[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #brokerPort = 0

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => this.#join(client))
  }

  static async start(): Promise<TimingProxy> {
    const server = createServer({ noDelay: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new TimingProxy(server)
  }

  to(brokerPort: number): void {
    this.#brokerPort = brokerPort
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket): void {
    const broker = connect({ host: '127.0.0.1', port: this.#brokerPort, noDelay: true })
    const underWay = new Map<number, { readonly apiKey: number; readonly began: number }>()
    const requests = new Frames((frame) => {
      underWay.set(frame.readInt32BE(4), { apiKey: frame.readInt16BE(0), began: performance.now() })
    })
    const responses = new Frames((frame) => {
      const request = underWay.get(frame.readInt32BE(0))
      underWay.delete(frame.readInt32BE(0))
      if (request)
        this.requests.push({ apiKey: request.apiKey, ms: performance.now() - request.began, responseBytes: frame.length })
    })
    this.#pass(client, broker, requests)
    this.#pass(broker, client, responses)
  }

  #pass(from: Socket, to: Socket, frames: Frames): void {
    this.#sockets.add(from)
    from.on('data', (bytes) => {
      frames.take(bytes)
      to.write(bytes)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}
