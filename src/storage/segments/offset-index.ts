import { PackedEntries } from './packed-entries.ts'

export const offsetEntryBytes = 8

/**
 * Where some of a segment's batches begin: of each its last offset, relative to the segment's base, and its position.
 * These are the bytes of Kafka's `.index`.
 */
export class OffsetIndex extends PackedEntries {
  constructor(bytes: Buffer | null = null) {
    super(offsetEntryBytes, bytes)
  }

  add(offset: number, position: number): void {
    const at = this.next()
    this.memory.writeInt32BE(offset, at)
    this.memory.writeInt32BE(position, at + 4)
  }

  offsetAt(index: number): number {
    return this.memory.readInt32BE(index * offsetEntryBytes)
  }

  positionAt(index: number): number {
    return this.memory.readInt32BE(index * offsetEntryBytes + 4)
  }

  /** The last entry at or below an offset; -1 if there is none. The batch that contains the offset begins there or later. */
  floor(offset: number): number {
    return this.countWhile((index) => this.offsetAt(index) <= offset) - 1
  }

  /** The first entry whose batch reaches to `end` or beyond: those that end below it lie before. */
  ceiling(end: number): number {
    return this.countWhile((index) => this.offsetAt(index) < end)
  }

  /** The last entry that begins at or before a position; -1 if there is none. */
  floorOfPosition(position: number): number {
    return this.countWhile((index) => this.positionAt(index) <= position) - 1
  }

  /** Adds those of `others` that lie behind the last one here. */
  addNewer(others: OffsetIndex): void {
    const last = this.count === 0 ? -1 : this.offsetAt(this.count - 1)
    this.addFrom(others, others.floor(last) + 1)
  }

  /** How many of the first entries can be true: offsets and positions rise, and begin within so many bytes. */
  soundCount(sizeBytes: number): number {
    const { view, count } = this
    let offset = -1
    let position = -1
    for (let index = 0; index < count; index++) {
      const at = index * offsetEntryBytes
      const nextOffset = view.getInt32(at)
      const nextPosition = view.getInt32(at + 4)
      if (nextOffset <= offset || nextPosition <= position || nextPosition >= sizeBytes) return index
      offset = nextOffset
      position = nextPosition
    }
    return count
  }
}
