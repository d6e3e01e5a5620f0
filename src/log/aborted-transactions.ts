/** A transaction that was aborted: what of its producer lies between the two offsets, its marker being the last, is no record. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
  readonly lastOffset: bigint
}

/** producerId, firstOffset, lastOffset, lastStableOffset */
const fields = 4
const entryBytes = 34
/** Shared by all logs in which nothing was aborted. */
const noEntries = new BigInt64Array(0)

/** The aborted transactions of a log in the order of their markers (`TransactionIndex`), packed: a log may hold very many. */
export class AbortedTransactions {
  #entries = noEntries
  #count = 0

  get count(): number {
    return this.#count
  }

  /** `lastStableOffset`: where the log was stable up to, once the marker was in it. It never falls from one entry to the next. */
  add(aborted: AbortedTransaction, lastStableOffset: bigint): void {
    const at = this.#count * fields
    if (at === this.#entries.length) this.#grow()
    this.#entries[at] = aborted.producerId
    this.#entries[at + 1] = aborted.firstOffset
    this.#entries[at + 2] = aborted.lastOffset
    this.#entries[at + 3] = lastStableOffset
    this.#count += 1
  }

  /** Whether a read from here could meet one. */
  anyFrom(offset: bigint): boolean {
    return this.#count > 0 && this.#lastOffset(this.#count - 1) >= offset
  }

  /** Those that overlap what is read from `from` up to `end`, by their first offset: the order in which clients go through them. */
  within(from: bigint, end: bigint): readonly AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (let index = this.#firstFrom(from); index < this.#count; index += 1) {
      const aborted = this.#at(index)
      if (aborted.firstOffset < end) found.push(aborted)
      // All that ended later began at or behind the place up to which the log was stable then.
      if (this.#entries[index * fields + 3]! >= end) break
    }
    return found.sort((one, other) => (one.firstOffset < other.firstOffset ? -1 : 1))
  }

  /** Those that ended below `offset` are met by no read any more. */
  removeBefore(offset: bigint): void {
    const first = this.#firstFrom(offset)
    if (first === 0) return
    this.#entries = this.#entries.slice(first * fields, this.#count * fields)
    this.#count -= first
  }

  /** Of those that ended between two offsets only these are left: of the others no record is there any more. */
  keepOf(from: bigint, end: bigint, kept: readonly AbortedTransaction[]): void {
    const keys = new Set(kept.map(({ producerId, lastOffset }) => `${producerId} ${lastOffset}`))
    const first = this.#firstFrom(from)
    const behind = this.#firstFrom(end)
    let count = first
    for (let index = first; index < this.#count; index += 1) {
      const { producerId, lastOffset } = this.#at(index)
      if (index < behind && !keys.has(`${producerId} ${lastOffset}`)) continue
      this.#entries.copyWithin(count * fields, index * fields, (index + 1) * fields)
      count += 1
    }
    this.#count = count
  }

  /** Kafka's `BASEOFFSET.txnindex` of the segment from `base` to `end`; empty without any. */
  encode(base: bigint, end: bigint): Buffer {
    const first = this.#firstFrom(base)
    const behind = this.#firstFrom(end)
    const bytes = Buffer.alloc((behind - first) * entryBytes)
    for (let index = first; index < behind; index += 1) {
      // The version comes first; it is 0.
      const at = (index - first) * entryBytes + 2
      for (let field = 0; field < fields; field += 1) {
        bytes.writeBigInt64BE(this.#entries[index * fields + field]!, at + 8 * field)
      }
    }
    return bytes
  }

  /**
   * Adds what Kafka's `.txnindex` of a segment tells of transactions that ended below `end`: all, or some, since others ended behind
   * that, or none, since the bytes are no such file.
   */
  addIndex(bytes: Buffer, base: bigint, end: bigint): 'all' | 'some' | 'none' {
    let before = base - 1n
    for (let at = 0; at < bytes.length; at += entryBytes) {
      if (at + entryBytes > bytes.length || bytes.readInt16BE(at) !== 0) return 'none'
      const [firstOffset, lastOffset] = [bytes.readBigInt64BE(at + 10), bytes.readBigInt64BE(at + 18)]
      if (firstOffset < 0n || firstOffset > lastOffset || lastOffset <= before) return 'none'
      before = lastOffset
    }
    for (let at = 2; at < bytes.length; at += entryBytes) {
      const lastOffset = bytes.readBigInt64BE(at + 16)
      if (lastOffset >= end) return 'some'
      const aborted = { producerId: bytes.readBigInt64BE(at), firstOffset: bytes.readBigInt64BE(at + 8), lastOffset }
      this.add(aborted, bytes.readBigInt64BE(at + 24))
    }
    return 'all'
  }

  #at(index: number): AbortedTransaction {
    const at = index * fields
    return { producerId: this.#entries[at]!, firstOffset: this.#entries[at + 1]!, lastOffset: this.#entries[at + 2]! }
  }

  #lastOffset(index: number): bigint {
    return this.#entries[index * fields + 2]!
  }

  /** The first that ended at or behind an offset; the count if there is none. */
  #firstFrom(offset: bigint): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#lastOffset(middle) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const grown = new BigInt64Array(Math.max(16 * fields, this.#entries.length * 2))
    grown.set(this.#entries)
    this.#entries = grown
  }
}
