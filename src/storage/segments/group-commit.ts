export interface Syncable {
  /** Syncs what is written by now. Never rejects: a failure is the log's own affair. */
  syncWritten(): Promise<void>
}

/**
 * Decides which log is synced next. Each waits for one sync at most, which covers all that was written before it
 * began. Fewer are in flight than the thread pool has threads, since opening, reading and looking up names need one too.
 */
export class GroupCommit {
  readonly #inFlightMax: number
  readonly #awaited = new Set<Syncable>()
  readonly #others = new Set<Syncable>()
  readonly #inFlight = new Set<Syncable>()

  constructor(threads: number) {
    this.#inFlightMax = Math.max(1, threads - 1)
  }

  get inFlightCount(): number {
    return this.#inFlight.size
  }

  /** `awaited`: somebody waits for it, so it goes before logs that nobody waits for. */
  request(log: Syncable, awaited: boolean): void {
    if (awaited) {
      this.#others.delete(log)
      this.#awaited.add(log)
    } else if (!this.#awaited.has(log)) {
      this.#others.add(log)
    }
    this.#begin()
  }

  forget(log: Syncable): void {
    this.#awaited.delete(log)
    this.#others.delete(log)
  }

  #begin(): void {
    while (this.#inFlight.size < this.#inFlightMax) {
      const log = this.#next(this.#awaited) ?? this.#next(this.#others)
      if (log === null) return
      this.#inFlight.add(log)
      void log.syncWritten().finally(() => {
        this.#inFlight.delete(log)
        this.#begin()
      })
    }
  }

  /** The one that has waited longest; a second sync of the same log would only stand in the first one's way. */
  #next(waiting: Set<Syncable>): Syncable | null {
    for (const log of waiting) {
      if (this.#inFlight.has(log)) continue
      waiting.delete(log)
      return log
    }
    return null
  }
}
