import { hashKey } from './key-hash.ts'
import type { Pace } from './pace.ts'

/** Four words of the key's hash, two of the offset. As many bytes as in Kafka, so that the setting has the same effect. */
const wordsPerSlot = 6
export const bytesPerSlot = wordsPerSlot * 4
const firstSlots = 1024
/** As in Kafka, more for one cleaning is not used. */
const bytesMax = 0x7fffffff

export interface OffsetMapOptions {
  /** `log.cleaner.dedupe.buffer.size` */
  readonly memoryBytes: number
  /** `log.cleaner.io.buffer.load.factor`: how full the memory may become. */
  readonly loadFactor: number
  readonly seed: number
}

/**
 * The last offset of each key in the dirty part of a log. Keys are kept as their hashes, so that their length does not count. The
 * table begins small and grows to the bound: most logs have few keys, and a table of 128 MiB that is hit at random is all resident soon.
 */
export class OffsetMap {
  readonly #slotsMax: number
  readonly #entriesMax: number
  readonly #seed: number
  readonly #hash = new Uint32Array(4)
  /** Offsets are kept relative to it, as numbers. */
  #base = 0n
  #slots: number
  #words: Uint32Array
  #size = 0
  #latest = -1n

  constructor({ memoryBytes, loadFactor, seed }: OffsetMapOptions) {
    this.#slotsMax = Math.max(2, Math.floor(Math.min(memoryBytes, bytesMax) / bytesPerSlot))
    // One key at least, or a log would never be cleaned; one slot stays free, or a search for what is not there would not end.
    this.#entriesMax = Math.min(this.#slotsMax - 1, Math.max(1, Math.floor(this.#slotsMax * loadFactor)))
    this.#seed = seed
    this.#slots = Math.min(firstSlots, this.#slotsMax)
    this.#words = new Uint32Array(this.#slots * wordsPerSlot)
  }

  /** Forgets all, for the part of a log that begins at `base`. */
  restart(base: bigint): void {
    this.#base = base
    this.#slots = Math.min(firstSlots, this.#slotsMax)
    this.#words = new Uint32Array(this.#slots * wordsPerSlot)
    this.#size = 0
    this.#latest = -1n
  }

  get size(): number {
    return this.#size
  }

  /** The last offset that was looked at: what the map says is true up to there. -1 before. */
  get latestOffset(): bigint {
    return this.#latest
  }

  lookedAt(offset: bigint): void {
    if (offset > this.#latest) this.#latest = offset
  }

  /** It should `grow` before it is given more. */
  get isCrowded(): boolean {
    return this.#size > this.#slots * 0.7 && this.#slots < this.#slotsMax
  }

  /** False: it is full, and knows no more than before. */
  put(key: Uint8Array, offset: bigint): boolean {
    const relative = Number(offset - this.#base)
    if (relative < 0 || relative >= Number.MAX_SAFE_INTEGER) return false
    if (this.#size >= this.#entriesMax || this.#size >= this.#slots - 1) return false
    const slot = this.#slotOf(key)
    const words = this.#words
    if (isFree(words, slot)) {
      words.set(this.#hash, slot)
      this.#size += 1
    }
    // One more than it is: a slot whose offset is 0 is free.
    words[slot + 4] = Math.floor((relative + 1) / 2 ** 32)
    words[slot + 5] = (relative + 1) >>> 0
    this.#latest = offset
    return true
  }

  /** Each time to four times its size: all in all, no more than a third again is moved. */
  async grow(pace: Pace): Promise<void> {
    const old = this.#words
    const slots = Math.min(this.#slots * 4, this.#slotsMax)
    const words = new Uint32Array(slots * wordsPerSlot)
    for (let from = 0; from < old.length; from += wordsPerSlot) {
      if (pace.isDue) await pace.rest()
      if (isFree(old, from)) continue
      const to = slotFor(words, slots, old, from)
      for (let index = 0; index < wordsPerSlot; index += 1) words[to + index] = old[from + index]!
    }
    this.#slots = slots
    this.#words = words
  }

  /** -1 where the key is not known. */
  get(key: Uint8Array): bigint {
    const slot = this.#slotOf(key)
    if (isFree(this.#words, slot)) return -1n
    return this.#base + BigInt(this.#words[slot + 4]! * 2 ** 32 + this.#words[slot + 5]! - 1)
  }

  /** Where the key is, or would be; leaves its hash behind. */
  #slotOf(key: Uint8Array): number {
    hashKey(key, this.#seed, this.#hash)
    return slotFor(this.#words, this.#slots, this.#hash, 0)
  }
}

const isFree = (words: Uint32Array, slot: number): boolean => words[slot + 4] === 0 && words[slot + 5] === 0

/** The slot of the hash at `at` in `hash`, or the free one where it belongs. */
function slotFor(words: Uint32Array, slots: number, hash: Uint32Array, at: number): number {
  let slot = (hash[at]! % slots) * wordsPerSlot
  while (!isFree(words, slot)) {
    const isSame =
      words[slot] === hash[at] &&
      words[slot + 1] === hash[at + 1] &&
      words[slot + 2] === hash[at + 2] &&
      words[slot + 3] === hash[at + 3]
    if (isSame) return slot
    slot += wordsPerSlot
    if (slot === words.length) slot = 0
  }
  return slot
}
