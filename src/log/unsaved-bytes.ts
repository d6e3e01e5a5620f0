/**
 * A start after a crash walks that in less than half a second. Less would cost too much: each state that is saved is a file that is synced, which for
 * this many bytes is 4 % of the CPU time of a broker with a thousand busy partitions, and for half of it 8 %.
 */
const manyBytes = 1024 * 1024 * 1024

/** Counts what all logs together take, so that their states are saved before a start after a crash would have much to walk. */
export class UnsavedBytes {
  #bytes = 0
  #onMany = (): void => {}

  added(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < manyBytes) return
    this.#bytes = 0
    this.#onMany()
  }

  /** Calls `run` when it is time to save them. */
  onMany(run: () => void): void {
    this.#onMany = run
  }
}
