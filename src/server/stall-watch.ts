import type { ByteLimit } from '../environment/byte-limit.ts'
import type { Clock, Timer } from '../environment/environment.ts'
import type { Connection } from './connection.ts'

export interface StallWatchOptions {
  /** What others wait for. */
  readonly limit: ByteLimit
  readonly stallMs: number
  readonly clock: Clock
  readonly connections: () => Iterable<Connection>
  /** How far a connection is with what it holds of the limit; null: it holds nothing. */
  readonly progressOf: (connection: Connection) => number | null
  readonly stalled: (connection: Connection) => void
}

/** How often it looks within the time that a connection may stand still. */
const LOOKS = 5

/**
 * Takes memory back from connections that hold it and stand still while others wait for it: one stalled client must not stop all others.
 * It looks only while somebody waits.
 */
export class StallWatch {
  readonly #options: StallWatchOptions
  #seen = new Map<Connection, { readonly progress: number; readonly sinceMs: number }>()
  #timer: Timer | null = null

  constructor(options: StallWatchOptions) {
    this.#options = options
  }

  /** Somebody begins to wait. */
  begin(): void {
    if (this.#timer === null) this.#look()
  }

  #look(): void {
    const { clock, connections, progressOf, stalled, stallMs } = this.#options
    const nowMs = clock.nowMs()
    const before = this.#seen
    this.#seen = new Map()
    for (const connection of connections()) {
      const progress = progressOf(connection)
      if (progress === null) continue
      const last = before.get(connection)
      const sinceMs = last?.progress === progress ? last.sinceMs : nowMs
      if (nowMs - sinceMs >= stallMs) stalled(connection)
      else this.#seen.set(connection, { progress, sinceMs })
    }
    this.#timer = clock.after(Math.ceil(stallMs / LOOKS), () => {
      this.#timer = null
      if (this.#options.limit.hasWaiting) this.#look()
      else this.#seen.clear()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#seen.clear()
  }
}
