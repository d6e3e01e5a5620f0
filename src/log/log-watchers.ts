import type { Clock } from '../environment/environment.ts'

/**
 * Who wants to know that a log changed. Told at the end of a turn, so that nobody is called from within his own call. Most logs have
 * one watcher, and there may be very many logs.
 */
export class LogWatchers {
  readonly #clock: Clock
  #first: (() => void) | null = null
  #others: Set<() => void> | null = null
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Gives the way to stop it. */
  add(changed: () => void): () => void {
    // The same function may watch twice, each time with a stop of its own.
    const watcher = (): void => changed()
    if (this.#first === null) this.#first = watcher
    else {
      this.#others ??= new Set()
      this.#others.add(watcher)
    }
    return () => this.#remove(watcher)
  }

  /** From within a call: tells them once it is over, and once however much changes in this turn. */
  changed(): void {
    if (this.#scheduled || (this.#first === null && this.#others === null)) return
    this.#scheduled = true
    this.#clock.endOfTurn(() => {
      this.#scheduled = false
      this.tell()
    })
  }

  /** At the end of a turn. */
  tell(): void {
    this.#first?.()
    if (this.#others !== null) for (const watcher of this.#others) watcher()
  }

  #remove(watcher: () => void): void {
    if (this.#first === watcher) this.#first = null
    else this.#others?.delete(watcher)
    if (this.#others?.size === 0) this.#others = null
  }
}
