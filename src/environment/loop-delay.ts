import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock, Timer } from './environment.ts'
import type { Logger } from './logger.ts'

/** How long events had to wait for the event loop, in milliseconds, since the broker started. */
export interface LoopDelays {
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Each measurement wakes an idle process. */
const resolutionMs = 20
const lookEveryMs = 60_000
const remarkableMs = 1000
const nanosecondsPerMs = 1e6

/** Measures how long work holds the event loop, by a timer that comes late by that; what was held long is said in the log, once a minute. */
export class LoopDelay {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs })
  #timer: Timer | null = null
  #saidMs = 0

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  start(): void {
    this.#histogram.enable()
    this.#look()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#histogram.disable()
  }

  read(): LoopDelays {
    const { mean, max } = this.#histogram
    // The timer's own interval is part of what the histogram holds; before its first entry the mean is not a number.
    const late = (nanoseconds: number): number => Math.max(0, (nanoseconds || 0) / nanosecondsPerMs - resolutionMs)
    const [p50Ms, p99Ms] = [50, 99].map((percent) => late(this.#histogram.percentile(percent))) as [number, number]
    return { meanMs: late(mean), p50Ms, p99Ms, maxMs: late(max) }
  }

  #look(): void {
    this.#timer = this.#clock.after(lookEveryMs, () => {
      const { maxMs } = this.read()
      if (maxMs >= remarkableMs && maxMs > this.#saidMs) {
        this.#saidMs = maxMs
        const heldMs = Math.round(maxMs)
        this.#logger.warn(
          { heldMs },
          `Requests had to wait ${heldMs} ms once, longer than ever before since the start: the process was busy or had no processor.`,
        )
      }
      this.#look()
    })
  }
}
