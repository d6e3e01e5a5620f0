import { TurnEnd } from './clock.ts'
import type { Clock, Timer } from './environment.ts'

interface Pending {
  readonly dueMs: number
  readonly order: number
  readonly run: () => void
}

/** A clock that stands still until a test advances it. Turns of the event loop are real. */
export class SimulatedClock implements Clock {
  readonly #pending = new Set<Pending>()
  readonly #turn = new TurnEnd()
  #nowMs: number
  #order = 0

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Timer {
    const pending: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending) }
  }

  endOfTurn(run: () => void): void {
    this.#turn.add(run)
  }

  /**
   * Moves time on, timer by timer in the order in which they fall due. After each the turn ends, so that what it set
   * off has happened (and may have set new timers within this stretch) before the next one runs.
   */
  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds
    for (let next = this.#firstUntil(untilMs); next !== undefined; next = this.#firstUntil(untilMs)) {
      this.#pending.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.run()
      await new Promise<void>((resolve) => this.endOfTurn(resolve))
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  /** How many timers are set: none, once everything has stopped. */
  get timerCount(): number {
    return this.#pending.size
  }

  #firstUntil(untilMs: number): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.dueMs > untilMs) continue
      if (first === undefined || pending.dueMs < first.dueMs) first = pending
      else if (pending.dueMs === first.dueMs && pending.order < first.order) first = pending
    }
    return first
  }
}
