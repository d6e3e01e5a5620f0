import type { Socket } from 'node:net'
import type { EncodedMessage } from '../../protocol/schema/writer.ts'

/** A response, or its absence, in the place of its request. */
interface Slot {
  readonly requestBytes: number
  answer: EncodedMessage | null
  settled: boolean
  afterResponse: (() => void)[] | null
}

export type ResponseSlot = Slot

const SLOT_BYTES = 512

/**
 * A connection's answers: they leave in the order of their requests, whatever the order in which they become ready. All
 * that are due are written in one go, at the end of the turn.
 */
export class ResponseQueue {
  readonly #socket: Socket
  readonly #flushSoon: (queue: ResponseQueue) => void
  #slots: Slot[] = []
  #requestBytes = 0
  #unsentBytes = 0
  #ended = false

  constructor(socket: Socket, flushSoon: (queue: ResponseQueue) => void) {
    this.#socket = socket
    this.#flushSoon = flushSoon
  }

  /** Bytes of the requests that have no answer on its way yet. */
  get requestBytes(): number {
    return this.#requestBytes
  }

  /** How many requests have no answer on its way yet. */
  get length(): number {
    return this.#slots.length
  }

  /** Bytes that the socket has not taken. */
  get unsentBytes(): number {
    return this.#unsentBytes
  }

  /** `requestBytes`: what the request counts as until it is answered; some hundred bytes are its bookkeeping. */
  open(requestBytes: number): Slot {
    const slot: Slot = { requestBytes: requestBytes + SLOT_BYTES, answer: null, settled: false, afterResponse: null }
    this.#slots.push(slot)
    this.#requestBytes += slot.requestBytes
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
    slot.settled = true
    if (this.#ended) finish(slot)
    else if (this.#slots[0] === slot) this.#flushSoon(this)
  }

  /** Writes what is due; calls `taken` when the socket has taken it. */
  flush(taken: () => void): void {
    let due = 0
    while (this.#slots[due]?.settled === true) due++
    if (due === 0 || this.#ended) return
    const slots = this.#slots.splice(0, due)
    for (const slot of slots) this.#requestBytes -= slot.requestBytes
    const sizeBytes = slots.reduce((sum, slot) => sum + (slot.answer?.sizeBytes ?? 0), 0)
    const done = (): void => {
      this.#unsentBytes -= sizeBytes
      for (const slot of slots) finish(slot)
      taken()
    }
    this.#unsentBytes += sizeBytes
    if (sizeBytes === 0) {
      done()
      return
    }
    this.#socket.cork()
    const chunks = slots.flatMap((slot) => slot.answer?.chunks ?? [])
    const last = chunks.pop()
    for (const chunk of chunks) this.#socket.write(chunk)
    // Called with an error too, when the connection ends first.
    if (last !== undefined) this.#socket.write(last, done)
    this.#socket.uncork()
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
  for (const run of slot.afterResponse?.splice(0) ?? []) run()
}
