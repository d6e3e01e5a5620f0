import type { Clock } from '../../environment/environment.ts'

/** Waits shorter than this are added up: timers are no finer. */
const waitMsMin = 10
/** After a pause no more than this may be made up for. */
const creditMsMax = 300

/** Tells who reads and writes more bytes a second than allowed how long to wait. */
export class IoThrottle {
  readonly #clock: Clock
  readonly #bytesPerSecond: () => number
  /** When all that was moved so far would have been moved at the allowed rate. */
  #paidUntilMs = 0

  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  moved(bytes: number): void {
    this.#paidUntilMs = Math.max(this.#paidUntilMs, this.#clock.nowMs() - creditMsMax) + (bytes / this.#bytesPerSecond()) * 1000
  }

  get waitMs(): number {
    const waitMs = this.#paidUntilMs - this.#clock.nowMs()
    return waitMs < waitMsMin ? 0 : waitMs
  }

  /** A part of the wait: whoever waits may be asked to give up meanwhile. */
  async wait(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve))
  }
}
