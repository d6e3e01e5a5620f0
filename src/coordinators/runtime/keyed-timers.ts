import type { Clock, Timer } from '../../environment/environment.ts'

interface Entry {
  dueMs: number
  /** When the clock's timer runs; not after `dueMs`. */
  armedMs: number
  timer: Timer
  isDue: boolean
}

/**
 * Timers by name. Setting one again replaces it, which is what every heartbeat does to its session's: a later time
 * leaves the clock's timer as it is, and that one, when it runs, sees that there is more to wait for.
 */
export class KeyedTimers {
  readonly #clock: Clock
  readonly #due: (key: string) => void
  readonly #entries = new Map<string, Entry>()

  /** `due` is told a name whose time has come; `take` then says whether that still holds. */
  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock
    this.#due = due
  }

  set(key: string, delayMs: number): void {
    const dueMs = this.#clock.nowMs() + Math.max(0, delayMs)
    const known = this.#entries.get(key)
    if (known !== undefined && !known.isDue && known.armedMs <= dueMs) {
      known.dueMs = dueMs
      return
    }
    known?.timer.cancel()
    const entry = { dueMs, armedMs: dueMs, timer: this.#arm(key, dueMs), isDue: false }
    this.#entries.set(key, entry)
  }

  cancel(key: string): void {
    this.#entries.get(key)?.timer.cancel()
    this.#entries.delete(key)
  }

  /** True once for a timer that is due and was neither set anew nor cancelled since. */
  take(key: string): boolean {
    return this.#entries.get(key)?.isDue === true && this.#entries.delete(key)
  }

  cancelAll(): void {
    for (const { timer } of this.#entries.values()) timer.cancel()
    this.#entries.clear()
  }

  #arm(key: string, atMs: number): Timer {
    return this.#clock.after(atMs - this.#clock.nowMs(), () => this.#ran(key))
  }

  #ran(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    if (this.#clock.nowMs() < entry.dueMs) {
      entry.armedMs = entry.dueMs
      entry.timer = this.#arm(key, entry.dueMs)
      return
    }
    entry.isDue = true
    this.#due(key)
  }
}
