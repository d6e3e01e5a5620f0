/**
 * How many syncs may be under way in the process: fewer than the thread pool has threads, since opening, reading and
 * looking up names need one too. The directories share them; one that becomes free is offered to them in turn.
 */
export class SyncSlots {
  readonly max: number
  readonly #offers: (() => void)[] = []
  #taken = 0
  #next = 0

  constructor(threads: number) {
    this.max = Math.max(1, threads - 1)
  }

  get isFree(): boolean {
    return this.#taken < this.max
  }

  tryTake(): boolean {
    if (!this.isFree) return false
    this.#taken++
    return true
  }

  release(): void {
    this.#taken--
    const first = this.#next++
    for (let each = 0; each < this.#offers.length && this.#taken < this.max; each++) {
      this.#offers[(first + each) % this.#offers.length]!()
    }
  }

  /** `offer` is called whenever a slot has become free. */
  onFree(offer: () => void): void {
    this.#offers.push(offer)
  }
}
