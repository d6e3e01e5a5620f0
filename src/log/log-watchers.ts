import type { Clock } from '../environment/environment.ts'

/** Who wants to know that a log changed. Told at the end of a turn, so that nobody is called from within his own call. */
export class LogWatchers {
  readonly #clock: Clock
  readonly #watchers = new Set<() => void>()
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Gives the way to stop it. */
  add(changed: () => void): () => void {
    // The same function may watch twice, each time with a stop of its own.
    const watcher = (): void => changed()
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** From within a call: tells them once it is over, and once however much changes in this turn. */
  changed(): void {
    if (this.#scheduled || this.#watchers.size === 0) return
    this.#scheduled = true
    this.#clock.endOfTurn(() => {
      this.#scheduled = false
      this.tell()
    })
  }

  /** At the end of a turn. */
  tell(): void {
    for (const watcher of this.#watchers) watcher()
  }
}
