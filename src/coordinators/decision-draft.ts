import type { CoordinatorRecord, Decision, Reply, TimerChange } from './machine.ts'

/** One decision in the making: what has come of it so far. Each machine adds what its decisions may look at. */
export class DecisionDraft<Effect> {
  readonly #records: CoordinatorRecord[] = []
  readonly #replies: Reply[] = []
  readonly #timers: TimerChange[] = []
  readonly #effects: Effect[] = []

  get recordCount(): number {
    return this.#records.length
  }

  record(record: CoordinatorRecord): void {
    this.#records.push(record)
  }

  /** `Response` is spelled out by the caller, so that a response of the wrong API does not compile. */
  reply<Response extends object>(id: number, response: Response): void {
    this.#replies.push({ id, response })
  }

  setTimer(key: string, delayMs: number): void {
    this.#timers.push({ set: key, delayMs })
  }

  cancelTimer(key: string): void {
    this.#timers.push({ cancel: key })
  }

  effect(effect: Effect): void {
    this.#effects.push(effect)
  }

  decision(): Decision<Effect> {
    return { records: this.#records, replies: this.#replies, timers: this.#timers, effects: this.#effects }
  }
}
