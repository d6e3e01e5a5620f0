/**
 * Retention, DeleteRecords and compaction all change which ranges a log has. They do it one at a time, in the order in which
 * they ask; compaction, which takes long, looks whether it `isAwaited` and gives up then.
 */
export class RangeChanges {
  #waiting = 0
  /** Null while nobody changes anything: an idle log has no promise. */
  #last: Promise<void> | null = null

  get isBusy(): boolean {
    return this.#last !== null
  }

  /** Whether somebody waits for the one that is under way. */
  get isAwaited(): boolean {
    return this.#waiting > 0
  }

  /** Calls `change` once all that were asked for before have ended, well or badly. */
  run<T>(change: () => Promise<T>): Promise<T> {
    this.#waiting += 1
    const changed = (this.#last ?? Promise.resolve()).then(() => {
      this.#waiting -= 1
      return change()
    })
    const ended: Promise<void> = changed.then(
      () => this.#ended(ended),
      () => this.#ended(ended),
    )
    this.#last = ended
    return changed
  }

  #ended(which: Promise<void>): void {
    if (this.#last === which) this.#last = null
  }
}
