/** A batch is noted when so many bytes have gone by since the last one noted. */
export const noteEveryBytes = 32 * 1024

const firstCapacity = 16

/**
 * Where some of a segment's batches begin, so that nobody has to walk it from its start. Each note stands for the
 * stretch up to the next one. Lives in memory: 24 bytes for 32 KiB of log.
 */
export class SparsePositions {
  readonly #baseOffset: bigint
  /** Relative to the base offset: a segment holds fewer than 2^31 offsets. */
  #offsets = new Float64Array(firstCapacity)
  #positions = new Float64Array(firstCapacity)
  /** The largest timestamp from the start of the segment to the end of the stretch. */
  #maxTimestamps = new BigInt64Array(firstCapacity)
  #count = 0

  constructor(baseOffset: bigint) {
    this.#baseOffset = baseOffset
  }

  get count(): number {
    return this.#count
  }

  add(offset: bigint, position: number, sizeBytes: number, maxTimestamp: bigint): void {
    const last = this.#count - 1
    const before = last < 0 ? -1n : this.#maxTimestamps[last]!
    const max = maxTimestamp > before ? maxTimestamp : before
    if (last >= 0 && position - this.#positions[last]! < noteEveryBytes && sizeBytes < noteEveryBytes) {
      this.#maxTimestamps[last] = max
      return
    }
    if (this.#count === this.#offsets.length) this.#grow()
    this.#offsets[this.#count] = Number(offset - this.#baseOffset)
    this.#positions[this.#count] = position
    this.#maxTimestamps[this.#count++] = max
  }

  /** The last note at or below `offset`; the first one if there is none; -1 without notes. */
  floorIndex(offset: bigint): number {
    const relative = Number(offset - this.#baseOffset)
    return Math.max(this.#count === 0 ? -1 : 0, this.#firstAbove(this.#offsets, relative) - 1)
  }

  /** Where the stretch of a note begins; 0 without notes. */
  positionAt(index: number): number {
    return index < 0 ? 0 : this.#positions[index]!
  }

  offsetAt(index: number): bigint {
    return index < 0 ? this.#baseOffset : this.#baseOffset + BigInt(this.#offsets[index]!)
  }

  maxTimestampAt(index: number): bigint {
    return index < 0 ? -1n : this.#maxTimestamps[index]!
  }

  /** A position behind all batches that begin below `offset`; null if only the end of the segment is. */
  ceiling(offset: bigint): number | null {
    const index = this.#firstAbove(this.#offsets, Number(offset - this.#baseOffset) - 1)
    return index < this.#count ? this.#positions[index]! : null
  }

  /** The last noted batch that begins at or before a position and at or below an offset; null if there is none. */
  lastNote(position: number, offset: bigint): { readonly position: number; readonly offset: bigint } | null {
    const byPosition = this.#firstAbove(this.#positions, position)
    const byOffset = this.#firstAbove(this.#offsets, Number(offset - this.#baseOffset))
    const index = Math.min(byPosition, byOffset) - 1
    return index < 0 ? null : { position: this.positionAt(index), offset: this.offsetAt(index) }
  }

  /** The first stretch that holds a timestamp at or above `at`; -1 if none does. */
  indexOfTimestamp(at: bigint): number {
    for (let index = 0; index < this.#count; index++) if (this.#maxTimestamps[index]! >= at) return index
    return -1
  }

  /** Forgets the stretches from `index` on. */
  cutAt(index: number): void {
    this.#count = Math.max(0, Math.min(this.#count, index))
  }

  #firstAbove(values: Float64Array, value: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (values[middle]! <= value) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const capacity = this.#count * 2
    const [offsets, positions, maxTimestamps] = [this.#offsets, this.#positions, this.#maxTimestamps]
    this.#offsets = new Float64Array(capacity)
    this.#offsets.set(offsets)
    this.#positions = new Float64Array(capacity)
    this.#positions.set(positions)
    this.#maxTimestamps = new BigInt64Array(capacity)
    this.#maxTimestamps.set(maxTimestamps)
  }
}
