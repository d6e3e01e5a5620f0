import type { Socket } from 'node:net'
import type { EncodedMessage } from '../../protocol/schema/writer.ts'
import type { ConnectionFacts } from '../apis/table.ts'
import type { Clock } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import { type Dispatch, type Requester, Unanswerable } from './dispatch.ts'
import type { Frame, FrameMemory } from './frame.ts'
import { type FrameTaker, Framing } from './framing.ts'
import { ResponseQueue, type ResponseSlot } from './response-queue.ts'
import type { ByteSink } from './socket-reader.ts'

export interface ConnectionOptions {
  readonly id: number
  readonly listener: string
  readonly dispatch: Dispatch
  readonly memory: FrameMemory
  readonly frameBytesMax: number
  /** While the connection's unanswered requests have more bytes than this, no further one starts. */
  readonly inFlightBytesMax: number
  readonly clock: Clock
  readonly logger: Logger
  readonly flushSoon: (connection: Connection) => void
  readonly closed: (connection: Connection) => void
  readonly waitsForMemory: () => void
}

/** While the socket has not taken more bytes than this, no further request starts: as in Kafka, who does not read is not served. */
const UNSENT_BYTES_MAX = 1024 * 1024

/**
 * One client's connection. Its requests start in the order in which they came and are answered in that order. The next one starts
 * when the one before is answered, as in Kafka, or, behind a pipelined handler, as soon as that says so.
 */
export class Connection implements ByteSink, FrameTaker {
  readonly facts: ConnectionFacts
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #framing: Framing
  readonly #responses: ResponseQueue
  readonly #closeListeners = new Set<() => void>()
  /** A request is under way behind which none may start. */
  #blocked = false
  #wantsBytes = true
  #ended = false
  lastActiveMs: number

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.lastActiveMs = options.clock.nowMs()
    this.#framing = new Framing(options.memory, this, options.frameBytesMax)
    this.#responses = new ResponseQueue(socket, () => options.flushSoon(this))
    this.facts = {
      id: options.id,
      listener: options.listener,
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      remoteAddress: plainAddress(socket.remoteAddress),
      onClose: (run) => this.#onClose(run),
    }
    socket.on('end', () => this.destroy())
    socket.on('error', () => this.destroy())
    socket.on('close', () => this.#end())
  }

  get hasRequestsUnderWay(): boolean {
    return this.#responses.length > 0 || this.#responses.unsentBytes > 0
  }

  /** How far a frame has come whose memory is reserved; null if there is none. */
  get admittedBytes(): number | null {
    return this.#framing.admittedBytes
  }

  // What the reader drives

  target(): Buffer | null {
    return this.#framing.target()
  }

  received(bytes: Buffer): void {
    if (this.#ended) return
    this.lastActiveMs = this.#options.clock.nowMs()
    this.#framing.received(bytes)
  }

  // What framing drives

  take(frame: Frame): boolean {
    const slot = this.#responses.open(frame.bytes.length)
    const requester: Requester = {
      facts: this.facts,
      clientHost: this.facts.remoteAddress,
      afterResponse: (run) => this.#responses.afterResponse(slot, run),
    }
    try {
      const { ordered, response } = this.#options.dispatch.start(frame, requester)
      this.#order(frame, ordered)
      if (response instanceof Promise) this.#answerLater(slot, response)
      else this.#responses.settle(slot, response)
    } catch (error) {
      frame.done()
      this.#refuse(error)
      return false
    }
    return this.#takesMore()
  }

  unwanted(): void {
    this.#wantsBytes = false
    this.#socket.pause()
  }

  wanted(): void {
    if (this.#ended || this.#wantsBytes) return
    this.#wantsBytes = true
    this.#socket.resume()
  }

  waitsForMemory(): void {
    this.#options.waitsForMemory()
  }

  broken(reason: string): void {
    this.#refuse(new Unanswerable(reason))
  }

  // Order

  /** Holds the next request back until this one is ordered, and keeps its records in reach until then. */
  #order(frame: Frame, ordered: undefined | Promise<void>): void {
    if (ordered === undefined) {
      frame.done()
      return
    }
    this.#blocked = true
    frame.detach()
    const proceed = (): void => {
      frame.done()
      this.#blocked = false
      this.#proceed()
    }
    ordered.then(proceed, proceed)
  }

  #answerLater(slot: ResponseSlot, response: Promise<EncodedMessage | null>): void {
    response.then(
      (answer) => {
        this.#responses.settle(slot, answer)
        this.#proceed()
      },
      (error: unknown) => this.#refuse(error),
    )
  }

  #takesMore(): boolean {
    if (this.#ended || this.#blocked || this.#responses.unsentBytes > UNSENT_BYTES_MAX) return false
    return this.#responses.requestBytes < this.#options.inFlightBytesMax
  }

  #proceed(): void {
    if (this.#wantsBytes || !this.#takesMore()) return
    this.#framing.proceed()
  }

  /** Writes the answers that are due: called at the end of the turn. */
  flush(): void {
    this.#responses.flush(() => {
      this.lastActiveMs = this.#options.clock.nowMs()
      this.#proceed()
    })
  }

  // Ends

  #onClose(run: () => void): () => void {
    if (this.#ended) {
      run()
      return () => {}
    }
    this.#closeListeners.add(run)
    return () => this.#closeListeners.delete(run)
  }

  #refuse(error: unknown): void {
    if (this.#ended) return
    const { logger, listener } = this.#options
    const from = { client: this.facts.remoteAddress, listener }
    if (error instanceof Unanswerable)
      logger.info(from, `Closed the connection of ${this.facts.remoteAddress}: it sent ${error.message}.`)
    else logger.error({ ...from, err: error }, `Closed the connection of ${this.facts.remoteAddress}: a fault of the broker.`)
    this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
    this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#framing.stop()
    this.#responses.end()
    for (const run of [...this.#closeListeners]) run()
    this.#closeListeners.clear()
    this.#options.closed(this)
  }
}

/** An IPv4 address that came in by an IPv6 socket is shown as what it is. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}
