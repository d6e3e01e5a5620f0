const firstCapacity = 8

/** Entries of one size in a row, in the bytes of Kafka's index files; grows as they are added. */
export class PackedEntries {
  readonly #entryBytes: number
  #memory: Buffer
  #count: number

  constructor(entryBytes: number, bytes: Buffer | null = null) {
    this.#entryBytes = entryBytes
    this.#memory = bytes === null ? noBytes : bytes.subarray(0, bytes.length - (bytes.length % entryBytes))
    this.#count = Math.floor(this.#memory.length / entryBytes)
  }

  get count(): number {
    return this.#count
  }

  /** Of the entries from `first` on; valid until the next change. */
  bytes(first = 0): Buffer {
    return this.#memory.subarray(first * this.#entryBytes, this.#count * this.#entryBytes)
  }

  get memoryBytes(): number {
    return this.#memory.length
  }

  /** Room for one more entry; where it begins in the memory. */
  protected next(): number {
    const at = this.#count * this.#entryBytes
    if (at === this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(at * 2, firstCapacity * this.#entryBytes))
      this.#memory.copy(larger)
      this.#memory = larger
    }
    this.#count++
    return at
  }

  protected get memory(): Buffer {
    return this.#memory
  }

  /** For a look at all entries, which a start takes in all logs: a tenth of the time that a Buffer needs. */
  protected get view(): DataView {
    return new DataView(this.#memory.buffer, this.#memory.byteOffset, this.#memory.length)
  }

  addAll(others: PackedEntries): void {
    this.addFrom(others, 0)
  }

  protected addFrom(others: PackedEntries, first: number): void {
    const count = others.#count - first
    if (count <= 0) return
    const larger = Buffer.allocUnsafeSlow((this.#count + count) * this.#entryBytes)
    this.bytes().copy(larger)
    others.bytes(first).copy(larger, this.#count * this.#entryBytes)
    this.#memory = larger
    this.#count += count
  }

  /** Forgets the entries from the `count`th on. */
  keepFirst(count: number): void {
    this.#count = Math.min(this.#count, count)
  }

  /** Forgets all but the last `count`, and gives their memory back. */
  keepLast(count: number): void {
    if (this.#count <= count) return
    const kept = this.bytes(this.#count - count)
    this.#memory = Buffer.allocUnsafeSlow(Math.max(kept.length, firstCapacity * this.#entryBytes))
    kept.copy(this.#memory)
    this.#count = count
  }

  /** How many of the first entries `isBelow` holds for, of which it holds for none behind. */
  protected countWhile(isBelow: (index: number) => boolean): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBelow(middle)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const noBytes = Buffer.alloc(0)
