import type { Clock, Timer } from '../environment/environment.ts'
import type { Connection } from './connection.ts'

export interface IdleWatchOptions {
  /** connections.max.idle.ms; negative: never */
  readonly idleMs: number
  readonly clock: Clock
  readonly connections: Iterable<Connection>
}

/**
 * Closes connections on which nothing has moved for long. As in Kafka also those that wait for an answer: a client that has gone is not always
 * noticed, not while more of its bytes are there than are read.
 */
export class IdleWatch {
  readonly #options: IdleWatchOptions
  #timer: Timer | null = null

  constructor(options: IdleWatchOptions) {
    this.#options = options
  }

  /** There is a connection. Wakes when the one that was idle longest may be due, never in between. */
  begin(): void {
    const { idleMs, clock, connections } = this.#options
    if (idleMs < 0 || this.#timer !== null) return
    const nowMs = clock.nowMs()
    let oldestMs = Number.POSITIVE_INFINITY
    for (const { lastActiveMs } of connections) oldestMs = Math.min(oldestMs, lastActiveMs)
    if (oldestMs === Number.POSITIVE_INFINITY) return
    this.#timer = clock.after(Math.max(1, oldestMs + idleMs - nowMs), () => {
      this.#timer = null
      this.#closeIdle()
      this.begin()
    })
  }

  #closeIdle(): void {
    const { idleMs, clock, connections } = this.#options
    const nowMs = clock.nowMs()
    for (const connection of connections) {
      connection.noteSending(nowMs)
      if (connection.lastActiveMs <= nowMs - idleMs) connection.destroy()
    }
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
