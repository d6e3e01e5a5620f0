import type { Api } from '../../../protocol/schema/api.ts'
import { Buffers } from '../../environment/buffers.ts'
import { ByteLimit } from '../../environment/byte-limit.ts'
import { Frame, type FrameMemory } from '../../server/frame.ts'
import { decodeResponse, encodeRequest } from '../protocol-client.ts'
import type { Dice } from './dice.ts'
import type { SimulatedBroker } from './simulated-broker.ts'
import type { SimulatedTime } from './simulated-time.ts'
import type { Trace } from './trace.ts'
import type { Violations } from './violations.ts'

/** Probabilities of one request. */
export interface NetworkFaults {
  /** Its connection breaks: before it arrives, or before its answer does. */
  readonly brokenConnection: number
  /** It arrives twice, the second time later and by another connection. */
  readonly doubled: number
  /** It, or its answer, takes seconds. */
  readonly slow: number
}

export const soundNetwork: NetworkFaults = { brokenConnection: 0, doubled: 0, slow: 0 }

const doubleLateMsMax = 20_000
/** After this nothing of a request whose connection was lost, or which was doubled, happens any more. */
export const lastEffectMs = 40_000

/** The connection ended before the answer, or there was nobody to connect to. */
export class ConnectionLost extends Error {}

export interface Asked {
  /** May arrive a second time, however late: nothing that it says would then do harm. */
  readonly mayDouble?: boolean
  /** Told that it will arrive a second time. */
  readonly doubled?: () => void
}

export interface NetworkOptions {
  readonly time: SimulatedTime
  readonly dice: Dice
  readonly trace: Trace
  readonly violations: Violations
  /** The broker that runs now. */
  readonly broker: () => SimulatedBroker | null
}

/** Between clients and broker: requests and answers take time, and may be lost with their connection. */
export class SimulatedNetwork {
  readonly options: NetworkOptions
  readonly memory: FrameMemory = { buffers: new Buffers(), received: new ByteLimit('received', 64 << 20) }
  faults: NetworkFaults = soundNetwork
  #connectionId = 0
  /** What has arrived, is not answered, and whose connection stands: by the time of arrival. */
  readonly open = new Map<object, { readonly what: string; readonly atMs: number }>()
  requestCount = 0

  constructor(options: NetworkOptions) {
    this.options = options
  }

  nextConnectionId(): number {
    return ++this.#connectionId
  }

  connect(clientId: string): Connection {
    return new Connection(this, clientId)
  }

  delayMs(): number {
    const { dice } = this.options
    return dice.chance(this.faults.slow) ? dice.between(200, 8000) : dice.roll(4)
  }
}

interface Request {
  readonly api: Api<unknown, unknown, unknown, unknown>
  readonly version: number
  readonly bytes: Buffer
  readonly asked: Asked
  resolve(response: unknown): void
  reject(error: Error): void
}

/** A client's connection, made anew when it is lost. Requests arrive in order and are answered in order. */
export class Connection {
  readonly #network: SimulatedNetwork
  readonly #clientId: string
  #link: Link | null = null

  constructor(network: SimulatedNetwork, clientId: string) {
    this.#network = network
    this.#clientId = clientId
  }

  /** Rejects with ConnectionLost. */
  ask<Q, QIn, S, SIn>(api: Api<Q, QIn, S, SIn>, version: number, body: QIn, asked: Asked = {}): Promise<S> {
    const network = this.#network
    const { dice } = network.options
    const bytes = encodeRequest(api, version, body, { clientId: this.#clientId }).subarray(4)
    return new Promise<S>((resolve, reject) => {
      const request: Request = {
        api: api as unknown as Request['api'],
        version,
        bytes,
        asked,
        resolve: (response) => resolve(response as S),
        reject,
      }
      if (asked.mayDouble === true && dice.chance(network.faults.doubled)) this.#double(request)
      const link = this.#connected()
      if (link === null) {
        network.options.time.after(dice.roll(20), () => reject(new ConnectionLost()))
        return
      }
      link.send(request)
    })
  }

  /** The client goes away, or gives the connection up. */
  close(): void {
    this.#link?.lose()
    this.#link = null
  }

  #connected(): Link | null {
    if (this.#link !== null && !this.#link.isLost) return this.#link
    const broker = this.#network.options.broker()
    this.#link = broker === null ? null : new Link(this.#network, broker, this.#clientId)
    return this.#link
  }

  /** What a lost connection had still in it arrives behind its own retry. */
  #double(request: Request): void {
    const { time, dice, broker } = this.#network.options
    const bytes = Buffer.from(request.bytes)
    request.asked.doubled?.()
    time.after(dice.roll(dice.chance(0.2) ? doubleLateMsMax : 50), () => {
      const to = broker()
      if (to === null) return
      const link = new Link(this.#network, to, this.#clientId)
      link.send({ ...request, bytes, resolve: () => link.lose(), reject: () => {} })
    })
  }
}

/** One connection of two ends, until it is lost. */
class Link {
  isLost = false
  readonly #network: SimulatedNetwork
  readonly #broker: SimulatedBroker
  readonly #clientId: string
  readonly #id: number
  readonly #unanswered = new Set<Request>()
  readonly #onClose = new Set<() => void>()
  /** When what was sent last arrives, on either way. */
  #arrivesAtMs = 0
  #answersAtMs = 0
  /** Settled when the broker may begin with the next request. */
  #ordered: Promise<void> = Promise.resolve()
  #answered: Promise<void> = Promise.resolve()
  readonly #forget: () => void

  constructor(network: SimulatedNetwork, broker: SimulatedBroker, clientId: string) {
    this.#network = network
    this.#broker = broker
    this.#clientId = clientId
    this.#id = network.nextConnectionId()
    this.#forget = broker.onEnd(() => this.lose())
  }

  send(request: Request): void {
    const { time, dice } = this.#network.options
    this.#unanswered.add(request)
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, time.nowMs + this.#network.delayMs())
    const breaks = dice.chance(this.#network.faults.brokenConnection)
    const breaksBefore = breaks && dice.chance(0.4)
    time.after(this.#arrivesAtMs - time.nowMs, () => {
      if (breaksBefore) this.lose()
      if (this.isLost) return
      if (breaks) time.after(dice.roll(dice.chance(0.5) ? 10 : 2000), () => this.lose())
      this.#ordered = this.#ordered.then(() => this.#begin(request))
    })
  }

  /** Both ends notice. */
  lose(): void {
    if (this.isLost) return
    this.isLost = true
    this.#forget()
    for (const request of this.#unanswered) {
      this.#network.open.delete(request)
      request.reject(new ConnectionLost())
    }
    this.#unanswered.clear()
    for (const run of [...this.#onClose]) run()
    this.#onClose.clear()
  }

  /** Settled when the next request may begin. */
  async #begin(request: Request): Promise<void> {
    if (this.isLost) return
    const { time } = this.#network.options
    const { api, version, bytes } = request
    this.#network.requestCount += 1
    this.#network.open.set(request, { what: `${this.#clientId} ${api.name} ${version}`, atMs: time.nowMs })
    const frame = new Frame(this.#network.memory, bytes, null)
    const after: (() => void)[] = []
    const dispatched = this.#broker.dispatch.start(frame, {
      facts: {
        id: this.#id,
        listener: 'PLAINTEXT',
        localAddress: '127.0.0.1',
        localPort: 9092,
        remoteAddress: '127.0.0.1',
        onClose: (run) => {
          if (this.isLost) run()
          else this.#onClose.add(run)
          return () => this.#onClose.delete(run)
        },
      },
      clientHost: '127.0.0.1',
      afterResponse: (run) => after.push(run),
    })
    const response = Promise.resolve(dispatched.response)
    this.#answered = Promise.all([this.#answered, response]).then(([, encoded]) => {
      frame.done()
      const answer = encoded === null ? null : Buffer.concat(encoded.chunks)
      encoded?.release()
      for (const run of after) run()
      this.#answer(request, answer)
    })
    this.#answered.catch((error: unknown) => this.#refused(request, error))
    if (dispatched.ordered !== undefined) await dispatched.ordered
  }

  #answer(request: Request, bytes: Buffer | null): void {
    const { time, trace } = this.#network.options
    const { api, version } = request
    this.#network.open.delete(request)
    if (this.isLost) return
    if (bytes !== null) trace.add(bytes)
    this.#answersAtMs = Math.max(this.#answersAtMs, time.nowMs + this.#network.delayMs())
    time.after(this.#answersAtMs - time.nowMs, () => {
      if (!this.#unanswered.delete(request)) return
      if (bytes === null) request.resolve(null)
      else request.resolve(decodeResponse(bytes.subarray(4), api, version, 0))
    })
  }

  /** Requests of the simulation are always sound: one that cannot be answered is a fault. */
  #refused(request: Request, error: unknown): void {
    if (this.isLost || this.#broker.isOver) return
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#network.options.violations.report('no-fault', `${this.#clientId} ${request.api.name} was not answered: ${reason}`)
    this.lose()
  }
}
