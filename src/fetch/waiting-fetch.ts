import type { Clock, Timer } from '../environment/environment.ts'
import type { FetchLimits } from './fetch-query.ts'
import type { PartitionReader } from './partition-reader.ts'

/**
 * Waits until a Fetch can be answered (`DelayedFetch`): enough bytes, an error, or the time is over. It is woken by the logs themselves and counts
 * only the partition that changed, without reading.
 */
export class WaitingFetch {
  readonly #readers: readonly PartitionReader[]
  readonly #limits: FetchLimits
  /** What each partition could give; null: an answer without bytes, which need not wait. */
  readonly #available: (number | null)[]
  #availableBytes = 0
  /** How many of them are null. */
  #readyCount = 0
  #unwatch: (() => void)[] = []
  #timer: Timer | null = null
  #timeOver: boolean
  #settle: ((isDue: boolean) => void) | null = null

  constructor(readers: readonly PartitionReader[], limits: FetchLimits) {
    this.#readers = readers
    this.#limits = limits
    this.#timeOver = limits.maxWaitMs <= 0
    this.#available = readers.map((reader) => this.#count(reader))
  }

  /** What there is to read, in all partitions together. */
  get availableBytes(): number {
    return this.#availableBytes
  }

  /** A promise until the answer is due, or false when it was cancelled; undefined: it is due now. */
  wait(clock: Clock): undefined | Promise<boolean> {
    if (this.#isDue()) return undefined
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#readers.forEach((reader, index) => {
        const unwatch = reader.watch(() => this.#changed(index))
        if (unwatch !== null) this.#unwatch.push(unwatch)
      })
      if (this.#timeOver) return
      this.#timer = clock.after(this.#limits.maxWaitMs, () => {
        this.#timeOver = true
        if (this.#isDue()) this.#end(true)
      })
    })
  }

  /** Ends the wait, whatever there is: the client has gone. */
  cancel(): void {
    this.#end(false)
  }

  #isDue(): boolean {
    if (this.#readyCount > 0 || this.#readers.length === 0) return true
    const isEnough = this.#timeOver || this.#availableBytes >= this.#limits.minBytes
    return isEnough && (this.#availableBytes > 0 || !this.#owesRecords())
  }

  /** Whoever was told that a record is written must be able to read it: an empty answer waits for that, beyond any time. */
  #owesRecords(): boolean {
    return this.#readers.some((reader) => reader.owesRecords)
  }

  #changed(index: number): void {
    const reader = this.#readers[index]
    if (reader === undefined || this.#settle === null) return
    this.#add(this.#available[index] ?? null, -1)
    reader.refresh()
    this.#available[index] = this.#count(reader)
    if (this.#isDue()) this.#end(true)
  }

  #count(reader: PartitionReader): number | null {
    const bytes = reader.availableBytes()
    this.#add(bytes, 1)
    return bytes
  }

  #add(bytes: number | null, sign: 1 | -1): void {
    if (bytes === null) this.#readyCount += sign
    else this.#availableBytes += sign * bytes
  }

  #end(isDue: boolean): void {
    const settle = this.#settle
    if (settle === null) return
    this.#settle = null
    this.#timer?.cancel()
    for (const unwatch of this.#unwatch) unwatch()
    this.#unwatch = []
    settle(isDue)
  }
}
