export interface Waiting {
  /** Gives up the place in the line; what was admitted already stays reserved. */
  cancel(): void
}

interface Waiter {
  readonly bytes: number
  readonly admitted: () => void
}

/**
 * A named limit for bytes that outlive the turn. One is admitted while the reserved sum is below the limit, so the last
 * one may exceed it (as with Kafka's `queued.max.request.bytes`): a large request must not wait for ever. Those who wait
 * are admitted in order of arrival.
 */
export class ByteLimit {
  readonly name: string
  readonly limitBytes: number
  readonly #waiting = new Set<Waiter>()
  #reservedBytes = 0
  #admitting = false

  constructor(name: string, limitBytes: number) {
    this.name = name
    this.limitBytes = limitBytes
  }

  get reservedBytes(): number {
    return this.#reservedBytes
  }

  /** What can still be reserved without going over the limit or past those who wait. */
  get availableBytes(): number {
    return this.#waiting.size > 0 ? 0 : Math.max(0, this.limitBytes - this.#reservedBytes)
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Reserves whatever the sum is: for bytes that are there already. */
  reserve(bytes: number): void {
    this.#reservedBytes += bytes
  }

  /** Reserves if the sum is below the limit and nobody waits. */
  tryReserve(bytes: number): boolean {
    if (this.#waiting.size > 0 || this.#reservedBytes >= this.limitBytes) return false
    this.#reservedBytes += bytes
    return true
  }

  /** Reserves now or in its turn, then calls `admitted`: within this call, or within a `release`. */
  reserveInTurn(bytes: number, admitted: () => void): Waiting {
    const waiter: Waiter = { bytes, admitted }
    this.#waiting.add(waiter)
    this.#admit()
    return {
      cancel: () => {
        if (this.#waiting.delete(waiter)) this.#admit()
      },
    }
  }

  /** Settled once the sum is below the limit, in turn; undefined if it is so now. Reserves nothing. */
  whenAvailable(): undefined | Promise<void> {
    if (this.availableBytes > 0) return undefined
    return new Promise((resolve) => void this.reserveInTurn(0, resolve))
  }

  release(bytes: number): void {
    this.#reservedBytes -= bytes
    if (this.#reservedBytes < 0) throw new Error(`${this.name}: released ${-this.#reservedBytes} bytes more than were reserved`)
    this.#admit()
  }

  #admit(): void {
    // An admitted one may release within its callback: the loop below goes on, the stack does not grow.
    if (this.#admitting) return
    this.#admitting = true
    try {
      for (const waiter of this.#waiting) {
        if (this.#reservedBytes >= this.limitBytes) return
        this.#waiting.delete(waiter)
        this.#reservedBytes += waiter.bytes
        waiter.admitted()
      }
    } finally {
      this.#admitting = false
    }
  }
}
