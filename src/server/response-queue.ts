import type { Socket } from 'node:net'
import type { EncodedMessage } from '../../protocol/schema/writer.ts'

/** A response, or its absence, in the place of its request. */
interface Slot {
  readonly requestBytes: number
  answer: EncodedMessage | null
  settled: boolean
  /** In place of an answer, the connection ends. */
  closes: boolean
  afterResponse: (() => void)[] | null
}

export type ResponseSlot = Slot

export interface ResponseQueueEvents {
  /** Something is due: `flush` at the end of the turn. */
  flushSoon(): void
  /** The socket took what was written. */
  taken(): void
  /** All that stood before a `settleClose` has been taken. */
  close(): void
}

/** What a request costs besides its bytes. */
const SLOT_BYTES = 512

/**
 * A connection's answers: they leave in the order of their requests, whatever the order in which they become ready. All
 * that are due are written in one go, at the end of the turn.
 */
export class ResponseQueue {
  readonly #socket: Socket
  readonly #events: ResponseQueueEvents
  #slots: Slot[] = []
  #requestBytes = 0
  #unsentBytes = 0
  #unsettled = 0
  #ended = false

  constructor(socket: Socket, events: ResponseQueueEvents) {
    this.#socket = socket
    this.#events = events
  }

  /** Bytes of the requests that have no answer on its way yet. */
  get requestBytes(): number {
    return this.#requestBytes
  }

  /** How many requests have no answer on its way yet, those included whose answer is ready. */
  get owed(): number {
    return this.#slots.length
  }

  /** How many requests are not answered yet. */
  get unsettled(): number {
    return this.#unsettled
  }

  /** Bytes of answers that the socket has not taken, those included that wait for an earlier one. */
  get unsentBytes(): number {
    return this.#unsentBytes
  }

  /** `requestBytes`: what the request counts as until it is answered; some hundred bytes are its bookkeeping. */
  open(requestBytes: number): Slot {
    const slot: Slot = {
      requestBytes: requestBytes + SLOT_BYTES,
      answer: null,
      settled: false,
      closes: false,
      afterResponse: null,
    }
    this.#slots.push(slot)
    this.#requestBytes += slot.requestBytes
    this.#unsettled++
    return slot
  }

  afterResponse(slot: Slot, run: () => void): void {
    if (this.#ended) {
      run()
      return
    }
    slot.afterResponse ??= []
    slot.afterResponse.push(run)
  }

  /** `answer` null: nothing is sent for this request. */
  settle(slot: Slot, answer: EncodedMessage | null): void {
    slot.answer = answer
    if (answer !== null) this.#unsentBytes += answer.sizeBytes
    this.#settled(slot)
  }

  /** The connection ends in place of this answer, once those before it are out. */
  settleClose(slot: Slot): void {
    slot.closes = true
    this.#settled(slot)
  }

  #settled(slot: Slot): void {
    slot.settled = true
    this.#unsettled--
    if (this.#ended) finish(slot)
    else if (this.#slots[0] === slot) this.#events.flushSoon()
  }

  /** Writes what is due. */
  flush(): void {
    if (this.#ended) return
    let due = 0
    while (due < this.#slots.length && this.#slots[due]?.settled) due++
    if (due === 0) return
    const slots = due === this.#slots.length ? this.#slots : this.#slots.slice(0, due)
    this.#slots = due === this.#slots.length ? [] : this.#slots.slice(due)
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for (const { requestBytes, answer } of slots) {
      this.#requestBytes -= requestBytes
      if (answer === null) continue
      sizeBytes += answer.sizeBytes
      for (const chunk of answer.chunks) chunks.push(chunk)
    }
    this.#write(chunks, () => this.#taken(slots, sizeBytes))
  }

  /** Calls back when the socket took them, with an error too, when the connection ends first. */
  #write(chunks: readonly Buffer[], done: () => void): void {
    if (chunks.length === 0) {
      done()
      return
    }
    const last = chunks.length - 1
    if (last > 0) this.#socket.cork()
    for (let index = 0; index < last; index++) this.#socket.write(chunks[index] as Buffer)
    this.#socket.write(chunks[last] as Buffer, done)
    if (last > 0) this.#socket.uncork()
  }

  #taken(slots: readonly Slot[], sizeBytes: number): void {
    this.#unsentBytes -= sizeBytes
    for (const slot of slots) finish(slot)
    if (slots.at(-1)?.closes === true) this.#events.close()
    else this.#events.taken()
  }

  /** The connection has ended: an answer that comes later is given back at once. What is being written is, by its own callback. */
  end(): void {
    this.#ended = true
    for (const slot of this.#slots.splice(0)) {
      if (slot.settled) finish(slot)
      else runAll(slot)
    }
  }
}

function finish(slot: Slot): void {
  slot.answer?.release()
  slot.answer = null
  runAll(slot)
}

function runAll(slot: Slot): void {
  const { afterResponse } = slot
  slot.afterResponse = null
  if (afterResponse !== null) for (const run of afterResponse) run()
}
