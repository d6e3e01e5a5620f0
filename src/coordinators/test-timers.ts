import type { TimerChange } from './machine.ts'

/** The timers of a machine under test, on a clock that moves when the test says so. */
export class TestTimers {
  readonly #timers = new Map<string, { readonly dueMs: number; readonly order: number }>()
  #order = 0
  nowMs = 1_000_000

  names(): readonly string[] {
    return [...this.#timers.keys()]
  }

  change(changes: readonly TimerChange[]): void {
    for (const change of changes) {
      if ('cancel' in change) this.#timers.delete(change.cancel)
      else this.#timers.set(change.set, { dueMs: this.nowMs + change.delayMs, order: this.#order++ })
    }
  }

  /** Time passes; timers fire in the order in which they fall due, each at its time. Gives what came of each. */
  advance<Outcome>(milliseconds: number, fire: (timer: string) => Outcome): Outcome[] {
    const outcomes: Outcome[] = []
    const untilMs = this.nowMs + milliseconds
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      const [timer, { dueMs }] = next
      this.#timers.delete(timer)
      this.nowMs = Math.max(this.nowMs, dueMs)
      outcomes.push(fire(timer))
    }
    this.nowMs = untilMs
    return outcomes
  }

  clear(): void {
    this.#timers.clear()
  }

  #next(untilMs: number): [string, { readonly dueMs: number }] | undefined {
    return [...this.#timers]
      .filter(([, { dueMs }]) => dueMs <= untilMs)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order)[0]
  }
}
