import type { Socket } from 'node:net'
import type { EncodedMessage } from '../../protocol/schema/writer.ts'
import type { ConnectionFacts } from '../apis/table.ts'
import type { Clock } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import { type Dispatch, type Dispatched, type Requester, Unanswerable } from './dispatch.ts'
import type { Frame, FrameMemory } from './frame.ts'
import { type FrameTaker, Framing } from './framing.ts'
import { plainAddress } from './plain-address.ts'
import { ResponseQueue, type ResponseSlot } from './response-queue.ts'
import { type ByteSink, type ReadTarget, unsentBytesOf } from './socket-reader.ts'

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

/**
 * While the answers that the socket has not taken, or that are not written yet, have more bytes than this, no further request starts: as in
 * Kafka, who does not read is not served.
 */
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
  /** It is blocked until its answer, which may be long in coming. */
  #awaitsAnswer = false
  #isRead = true
  /** No further request is taken: the connection ends when those before are answered. */
  #closing = false
  /** It does so because the broker stops. */
  #finishing = false
  #ended = false
  #lastUnsent = 0
  lastActiveMs: number

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.lastActiveMs = options.clock.nowMs()
    this.#framing = new Framing(options.memory, this, options.frameBytesMax)
    this.#responses = new ResponseQueue(socket, {
      flushSoon: () => options.flushSoon(this),
      taken: () => this.#taken(),
      close: () => (this.#finishing ? this.#socket.end() : this.destroy()),
    })
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

  /** The broker owes it an answer. */
  get awaitsAnswer(): boolean {
    return this.#responses.unsettled > 0
  }

  /**
   * How far it is with received bytes that count against the limit for all: the frame that comes in, or what it keeps behind a request whose answer
   * may be long in coming. Null: it holds none.
   */
  get receiveProgress(): number | null {
    return this.#framing.admittedBytes ?? (this.#awaitsAnswer && this.#framing.hasBacklog ? 0 : null)
  }

  /** How many bytes of answers the client has yet to take; null if there are none. */
  get unsentProgress(): number | null {
    const unsentBytes = unsentBytesOf(this.#socket) ?? this.#responses.unsentBytes
    return unsentBytes === 0 ? null : unsentBytes
  }

  /** A large answer that is being taken bit by bit keeps a connection alive. */
  noteSending(nowMs: number): void {
    const unsent = this.unsentProgress ?? 0
    if (unsent !== this.#lastUnsent) this.lastActiveMs = nowMs
    this.#lastUnsent = unsent
  }

  // What the reader drives

  target(): ReadTarget {
    return this.#framing.target()
  }

  received(bytes: Buffer): void {
    if (this.#ended || this.#closing) return
    this.lastActiveMs = this.#options.clock.nowMs()
    this.#framing.received(bytes)
  }

  // What framing drives

  take(frame: Frame): boolean {
    const slot = this.#responses.open(frame.bytes.length)
    const started = this.#start(frame, slot)
    if (started === null) return false
    const { ordered, response } = started
    if (ordered === undefined) frame.done()
    else this.#order(frame, ordered, started.pipelined)
    if (response instanceof Promise) this.#answerLater(slot, response)
    else this.#responses.settle(slot, response)
    return this.#takesMore()
  }

  #start(frame: Frame, slot: ResponseSlot): Dispatched | null {
    const requester: Requester = {
      facts: this.facts,
      clientHost: this.facts.remoteAddress,
      afterResponse: (run) => this.#responses.afterResponse(slot, run),
    }
    try {
      return this.#options.dispatch.start(frame, requester)
    } catch (error) {
      frame.done()
      this.#refuse(slot, error)
      return null
    }
  }

  unwanted(): void {
    if (!this.#isRead) return
    this.#isRead = false
    this.#socket.pause()
  }

  wanted(): void {
    if (this.#ended || this.#isRead) return
    this.#isRead = true
    this.#socket.resume()
  }

  waitsForMemory(): void {
    this.#options.waitsForMemory()
  }

  refusal(apiKey: number, version: number): string | null {
    return this.#options.dispatch.refusal(apiKey, version)
  }

  broken(reason: string): void {
    this.#refuse(this.#responses.open(0), new Unanswerable(reason))
  }

  // Order

  /** Holds the next request back until this one is ordered, and keeps its records in reach until then. */
  #order(frame: Frame, ordered: Promise<void>, pipelined: boolean): void {
    this.#blocked = true
    this.#awaitsAnswer = !pipelined
    if (frame.hasRecords) frame.detach()
    else frame.done()
    const proceed = (): void => {
      frame.done()
      this.#blocked = false
      this.#awaitsAnswer = false
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
      (error: unknown) => this.#refuse(slot, error),
    )
  }

  #takesMore(): boolean {
    if (this.#ended || this.#closing || this.#blocked || this.#responses.unsentBytes > UNSENT_BYTES_MAX) return false
    return this.#responses.requestBytes < this.#options.inFlightBytesMax
  }

  #proceed(): void {
    if (this.#framing.isHeld && this.#takesMore()) this.#framing.proceed()
  }

  /** Writes the answers that are due: called at the end of the turn. */
  flush(): void {
    this.#responses.flush()
  }

  #taken(): void {
    this.lastActiveMs = this.#options.clock.nowMs()
    this.#proceed()
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

  /** Ends the connection in place of an answer: those to requests before it still leave, as if each had been read alone. */
  #refuse(slot: ResponseSlot, error: unknown): void {
    if (this.#ended) return
    this.#closing = true
    const { logger, listener } = this.#options
    const { remoteAddress } = this.facts
    const from = { client: remoteAddress, listener }
    if (error instanceof Unanswerable) logger.info(from, `Closed the connection of ${remoteAddress}: ${error.message}.`)
    else logger.error({ ...from, err: error }, `Closed the connection of ${remoteAddress} after a fault of the broker.`)
    this.#framing.stop()
    this.#responses.settleClose(slot)
  }

  /**
   * Takes no further request, and ends once those that were taken are answered; at once where no more than a wait is left, such as a Fetch's. A
   * producer whose records were appended must hear of it: after a clean stop a broker knows of each producer's last batch alone, as Kafka
   * does, and would refuse the ones before it as out of order when they come again.
   */
  finish(): void {
    if (this.#ended || this.#closing) return
    const waits = this.#awaitsAnswer ? 1 : 0
    if (this.#responses.owed <= waits) {
      this.destroy()
      return
    }
    this.#closing = true
    // What the client sends on is read and dropped: with unread bytes the system would reset the connection, and answers might be lost.
    this.#finishing = true
    this.#framing.stop()
    this.wanted()
    this.#responses.settleClose(this.#responses.open(0))
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
