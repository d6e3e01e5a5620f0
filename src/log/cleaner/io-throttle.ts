import type { Clock, Timer } from '../../environment/environment.ts'

/** Waits shorter than this are added up: timers are no finer. */
const waitMsMin = 10
/** After a pause no more than this may be made up for. */
const creditMsMax = 300

/** Holds back who reads and writes more bytes a second than allowed. */
export class IoThrottle {
  readonly #clock: Clock
  readonly #bytesPerSecond: () => number
  /** When all that was moved so far would have been moved at the allowed rate. */
  #paidUntilMs = 0
  #waiting: { readonly timer: Timer; readonly end: () => void } | null = null
  #stopped = false

  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  moved(bytes: number): undefined | Promise<void> {
    const rate = this.#bytesPerSecond()
    const nowMs = this.#clock.nowMs()
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs - creditMsMax) + (bytes / rate) * 1000
    const waitMs = this.#paidUntilMs - nowMs
    return waitMs < waitMsMin || this.#stopped ? undefined : this.#wait(waitMs)
  }

  /** Nobody is held back any more. */
  stop(): void {
    this.#stopped = true
    this.#waiting?.timer.cancel()
    this.#waiting?.end()
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting = null
        resolve()
      }
      this.#waiting = { timer: this.#clock.after(waitMs, end), end }
    })
  }
}
