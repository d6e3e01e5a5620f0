import { PackedEntries } from './packed-entries.ts'

export const timeEntryBytes = 12

/**
 * The largest timestamp that a segment had when a batch was indexed, and the last offset, relative to the segment's base, of
 * the first batch that has it. These are the bytes of Kafka's `.timeindex`.
 */
export class TimeIndex extends PackedEntries {
  constructor(bytes: Buffer | null = null) {
    super(timeEntryBytes, bytes)
  }

  add(timestamp: bigint, offset: number): void {
    const at = this.next()
    this.memory.writeBigInt64BE(timestamp, at)
    this.memory.writeInt32BE(offset, at + 8)
  }

  timestampAt(index: number): bigint {
    return this.memory.readBigInt64BE(index * timeEntryBytes)
  }

  offsetAt(index: number): number {
    return this.memory.readInt32BE(index * timeEntryBytes + 8)
  }

  /** The last entry at or below a timestamp; -1 if there is none. */
  floor(timestamp: bigint): number {
    return this.countWhile((index) => this.timestampAt(index) <= timestamp) - 1
  }

  /** How many entries name an offset at or below `offset`. */
  countUpTo(offset: number): number {
    return this.countWhile((index) => this.offsetAt(index) <= offset)
  }

  /** Adds those of `others` that lie behind the last one here. */
  addNewer(others: TimeIndex): void {
    const last = this.count - 1
    this.addFrom(others, last < 0 ? 0 : Math.max(others.floor(this.timestampAt(last)) + 1, others.countUpTo(this.offsetAt(last))))
  }

  /** How many of the first entries can be true: timestamps and offsets rise. */
  soundCount(): number {
    const { view, count } = this
    let timestamp = -1n
    let offset = -1
    for (let index = 0; index < count; index++) {
      const at = index * timeEntryBytes
      const nextTimestamp = view.getBigInt64(at)
      const nextOffset = view.getInt32(at + 8)
      if (nextTimestamp <= timestamp || nextOffset <= offset) return index
      timestamp = nextTimestamp
      offset = nextOffset
    }
    return count
  }
}
