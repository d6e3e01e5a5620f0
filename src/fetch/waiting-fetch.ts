import type { Clock, Timer } from '../environment/environment.ts'
import type { FetchLimits } from './fetch-query.ts'
import type { PartitionReader } from './partition-reader.ts'

/**
 * Waits until a Fetch can be answered (`DelayedFetch`): enough bytes, an error, or the time is over. It is woken by the logs themselves and counts
 * only the partition that changed, without reading.
 */
export class WaitingFetch {
  readonly #readers: readonly PartitionReader[]
  readonly #minBytes: number
  readonly #available: number[]
  readonly #unwatch: (() => void)[] = []
  #timer: Timer | null = null
  #timeOver = false
  #done: (() => void) | null = null

  constructor(readers: readonly PartitionReader[], limits: FetchLimits) {
    this.#readers = readers
    this.#minBytes = limits.minBytes
    this.#available = readers.map((reader) => reader.availableBytes())
    this.#timeOver = limits.maxWaitMs <= 0
  }

  get availableBytes(): number {
    return this.#available.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** A promise until the answer is due; undefined: it is due now. */
  wait(limits: FetchLimits, clock: Clock): undefined | Promise<void> {
    if (this.#isDue()) return undefined
    return new Promise((resolve) => {
      this.#done = resolve
      this.#readers.forEach((reader, index) => {
        const unwatch = reader.watch(() => this.#changed(index))
        if (unwatch !== null) this.#unwatch.push(unwatch)
      })
      if (!this.#timeOver) {
        this.#timer = clock.after(limits.maxWaitMs, () => {
          this.#timeOver = true
          this.#settle()
        })
      }
    })
  }

  /** Ends the wait, whatever there is: the client has gone. */
  cancel(): void {
    this.#finish()
  }

  #isDue(): boolean {
    const bytes = this.availableBytes
    if (bytes >= this.#minBytes && (bytes > 0 || !this.#owesRecords())) return true
    if (this.#readers.length === 0) return true
    return this.#timeOver && (bytes > 0 || !this.#owesRecords())
  }

  /** Whoever was told that a record is written must be able to read it: an empty answer waits for that, beyond any time. */
  #owesRecords(): boolean {
    return this.#readers.some((reader) => reader.owesRecords)
  }

  #changed(index: number): void {
    const reader = this.#readers[index]
    reader?.refresh()
    this.#available[index] = reader?.availableBytes() ?? 0
    this.#settle()
  }

  #settle(): void {
    if (this.#isDue()) this.#finish()
  }

  #finish(): void {
    this.#timer?.cancel()
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    this.#done?.()
    this.#done = null
  }
}
