import type { Clock, Timer } from './environment.ts'

/** setTimeout takes no more; longer delays (a retention of a month) are waited for in steps. */
const longestTimeoutMs = 2 ** 31 - 1

/**
 * A clock on the system's timers. A running timer keeps the process alive on purpose: a stop that waits for one must
 * not end early. `stop` cancels them all, so that nothing outlives a stopped broker.
 */
export class SystemClock implements Clock {
  readonly #nowMs: () => number
  readonly #timers = new Set<SystemTimer>()
  readonly #turn = new TurnEnd()
  #stopped = false

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs()
  }

  after(delayMs: number, run: () => void): Timer {
    if (this.#stopped) return cancelled
    const timer = new SystemTimer(delayMs, run, this.#timers)
    this.#timers.add(timer)
    return timer
  }

  endOfTurn(run: () => void): void {
    this.#turn.add(run)
  }

  /** Cancels every timer; those asked for later never run. Ends of turns still come, so that closing can finish. */
  stop(): void {
    this.#stopped = true
    for (const timer of [...this.#timers]) timer.cancel()
  }
}

/** Wall clock time, as it stands in records. */
export function systemTime(): SystemClock {
  return new SystemClock(() => Date.now())
}

/** Time that never jumps: a clock set back by hand must not keep an idle connection open, nor set forward close a live one. */
export function systemReal(): SystemClock {
  return new SystemClock(() => Math.floor(performance.timeOrigin + performance.now()))
}

/**
 * Runs what was asked for when the event loop has handled the events at hand. One setImmediate serves all of a turn;
 * what is added while the ends run waits for the next turn, so that I/O is never starved.
 */
export class TurnEnd {
  #waiting: (() => void)[] = []

  add(run: () => void): void {
    if (this.#waiting.push(run) === 1) setImmediate(() => this.#runAll())
  }

  #runAll(): void {
    const runs = this.#waiting
    this.#waiting = []
    let next = 0
    try {
      while (next < runs.length) runs[next++]!()
    } finally {
      // One that throws ends the broker that it belongs to, not the others of this process.
      for (const run of runs.slice(next)) this.add(run)
    }
  }
}

class SystemTimer implements Timer {
  readonly #run: () => void
  readonly #all: Set<SystemTimer>
  #handle: NodeJS.Timeout

  constructor(delayMs: number, run: () => void, all: Set<SystemTimer>) {
    this.#run = run
    this.#all = all
    this.#handle = this.#start(Math.max(0, delayMs))
  }

  cancel(): void {
    clearTimeout(this.#handle)
    this.#all.delete(this)
  }

  #start(leftMs: number): NodeJS.Timeout {
    if (leftMs > longestTimeoutMs) {
      return setTimeout(() => {
        this.#handle = this.#start(leftMs - longestTimeoutMs)
      }, longestTimeoutMs)
    }
    return setTimeout(() => {
      this.#all.delete(this)
      this.#run()
    }, leftMs)
  }
}

const cancelled: Timer = { cancel: () => {} }
