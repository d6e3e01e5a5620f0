import type { Clock, Timer } from '../../environment/environment.ts'
import { EventQueue } from './event-queue.ts'

/** So many steps share a round of the event loop; between two of them Node runs every promise that is settled. */
const stepsPerRound = 64
const simulationStartMs = 1_700_000_000_000

/**
 * The time of a simulation: nothing happens but what was asked for, one event after the other. The next begins when every
 * promise that the last one settled has run and every end of turn that it asked for, so that one seed gives one history.
 */
export class SimulatedTime {
  readonly #queue = new EventQueue()
  #turnEnds: (() => void)[] = []
  #nowMs: number
  /** How many events have happened. */
  stepCount = 0

  constructor(startMs = simulationStartMs) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Timer {
    const event = this.#queue.add(this.#nowMs + Math.max(0, delayMs), run)
    return {
      cancel: () => {
        event.cancelled = true
      },
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve))
  }

  /** A clock for one life of a process: after its end no timer of it runs, and no end of a turn. */
  clock(): ProcessClock {
    return new ProcessClock(this, (run) => this.#turnEnds.push(run))
  }

  /** Lets time pass. Rejects with what an event throws. */
  advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds
    return new Promise((resolve, reject) => {
      let isOver = false
      const step = (): void => {
        if (isOver) return
        try {
          if (this.#step(untilMs)) return
          isOver = true
          this.#nowMs = untilMs
          resolve()
        } catch (error) {
          isOver = true
          reject(error as Error)
        }
      }
      const round = (): void => {
        if (isOver) return
        for (let count = 0; count < stepsPerRound; count += 1) setImmediate(step)
        setImmediate(round)
      }
      round()
    })
  }

  /** False: nothing is left until then. */
  #step(untilMs: number): boolean {
    if (this.#turnEnds.length > 0) {
      const ends = this.#turnEnds
      this.#turnEnds = []
      for (const run of ends) run()
      return true
    }
    const event = this.#queue.take(untilMs)
    if (event === undefined) return false
    this.#nowMs = event.dueMs
    this.stepCount += 1
    event.run()
    return true
  }
}

/** The clock that one life of a broker is given. */
export class ProcessClock implements Clock {
  readonly #time: SimulatedTime
  readonly #atTurnEnd: (run: () => void) => void
  #isOver = false

  constructor(time: SimulatedTime, atTurnEnd: (run: () => void) => void) {
    this.#time = time
    this.#atTurnEnd = atTurnEnd
  }

  nowMs(): number {
    return this.#time.nowMs
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#time.after(delayMs, () => {
      if (!this.#isOver) run()
    })
  }

  endOfTurn(run: () => void): void {
    this.#atTurnEnd(() => {
      if (!this.#isOver) run()
    })
  }

  /** The process is gone. */
  end(): void {
    this.#isOver = true
  }
}
