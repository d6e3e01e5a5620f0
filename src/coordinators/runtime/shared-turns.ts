import type { Clock } from '../../environment/environment.ts'

/**
 * Long work that lets others have their turn: one step in each turn of the event loop, however many have work to do. They
 * come one after the other, so that nobody waits for the whole of another's.
 */
export class SharedTurns {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async done<Result>(steps: Generator<undefined, Result>): Promise<Result> {
    for (;;) {
      await this.#next()
      const step = steps.next()
      if (step.done) return step.value
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) this.#clock.endOfTurn(() => this.#turn())
    })
  }

  #turn(): void {
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) this.#clock.endOfTurn(() => this.#turn())
  }
}
