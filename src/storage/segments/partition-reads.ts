import type { Retained } from '../../../protocol/records/records-slice.ts'
import type { Buffers } from '../../environment/buffers.ts'
import type { BatchFacts } from '../batch-facts.ts'
import type { Visit } from './batch-walk.ts'
import type { Segment } from './segment.ts'
import { type ReadLimits, SegmentReader } from './segment-reader.ts'
import { orFailure, storageFailure } from './storage-failure.ts'

/** In place of an answer: the segments that were asked are no longer those of the log. */
const gone = Symbol('gone')

/** What is asked of all segments of a log together: batches by offset, by time, and how many there are. */
export class PartitionReads {
  /** In order; its owner changes it. */
  readonly #segments: readonly Segment[]
  readonly #reader: SegmentReader
  readonly #mustBeOpen: () => void

  constructor(segments: readonly Segment[], buffers: Buffers, mustBeOpen: () => void) {
    this.#segments = segments
    this.#reader = new SegmentReader(buffers)
    this.#mustBeOpen = mustBeOpen
  }

  /** Positions changed: segments were cut, removed or replaced. */
  forget(): void {
    this.#reader.forget()
  }

  read(limits: ReadLimits): readonly Retained[] | Promise<readonly Retained[]> {
    for (let index = this.#indexFor(limits.from); index < this.#segments.length; index++) {
      const segment = this.#segments[index]!
      if (segment.baseOffset >= limits.end) break
      if (segment.endOffset <= limits.from || segment.writtenBytes === 0) continue
      try {
        const read = this.#reader.read(segment, limits)
        if (read instanceof Promise) return this.#readOn(segment, read, limits)
        if (read !== null) return read
      } catch (error) {
        throw storageFailure(error, segment.path)
      }
    }
    return []
  }

  /** Where the segment has none of the batches the next one may. */
  async #readOn(
    segment: Segment,
    reading: Promise<readonly Retained[] | null>,
    limits: ReadLimits,
  ): Promise<readonly Retained[]> {
    const failing = reading.catch((error) => Promise.reject(storageFailure(error, segment.path)))
    const read = await this.#ofWhatIsThere([segment], () => failing, release)
    if (read === gone) return await this.read(limits)
    if (read !== null) return read
    const { endOffset } = segment
    return await this.read(endOffset > limits.from ? { ...limits, from: endOffset } : limits)
  }

  available(from: bigint, end: bigint, enoughBytes: number): number {
    let sum = 0
    if (from >= end) return 0
    for (let index = this.#indexFor(from); index < this.#segments.length && sum < enoughBytes; index++) {
      const segment = this.#segments[index]!
      if (segment.baseOffset >= end) break
      if (segment.endOffset <= from) continue
      // A position that takes a load to know counts as the start: more than there is, never less.
      sum += segment.ceiling(end) - (this.#reader.startNow(segment, from) ?? 0)
    }
    return sum
  }

  async walkHeaders(from: bigint, visit: (header: Buffer) => boolean): Promise<void> {
    let next = from
    let isEnded = false
    // What is read of a segment that is no more says nothing.
    const visitIn = (segment: Segment) => (facts: BatchFacts, _position: number, header: Buffer) => {
      if (segment.isClosed) return true
      if (facts.lastOffset < next) return false
      isEnded = visit(header)
      next = facts.lastOffset + 1n
      return isEnded
    }
    for (;;) {
      this.#mustBeOpen()
      const segment = this.#segmentWith(next)
      if (segment === undefined) return
      const begin = next
      const walked = await this.#ofWhatIsThere([segment], () =>
        orFailure(() => this.#walkIn(segment, begin, visitIn(segment)), segment.path),
      )
      if (isEnded) return
      if (walked === gone) continue
      if (next > begin) continue
      // Its last batches may be gone.
      next = segment.endOffset
      if (segment === this.#segments.at(-1)) return
    }
  }

  async #walkIn(segment: Segment, from: bigint, visit: Visit): Promise<void> {
    await segment.walk(this.#reader.startNow(segment, from) ?? (await segment.floor(from)), visit)
  }

  async batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    for (;;) {
      const segments = [...this.#segments]
      const found = await this.#ofWhatIsThere(segments, () => batchByTimestampIn(segments, at))
      if (found !== gone) return found
    }
  }

  /**
   * What `read` gives of segments, or how it fails; but if one of them was removed or replaced meanwhile neither says anything, and it is
   * `gone`: the log is to be asked again.
   */
  async #ofWhatIsThere<T>(
    segments: readonly Segment[],
    read: () => Promise<T>,
    giveBack: (found: T) => void = () => {},
  ): Promise<T | typeof gone> {
    const areThere = (): boolean => !segments.some(({ isClosed }) => isClosed)
    let found: T
    try {
      found = await read()
    } catch (error) {
      this.#mustBeOpen()
      if (areThere()) throw error
      return gone
    }
    if (areThere()) return found
    giveBack(found)
    this.#mustBeOpen()
    return gone
  }

  /** The segment of the batch that contains `offset`, or of the next one: there may be gaps. */
  #segmentWith(offset: bigint): Segment | undefined {
    for (let index = this.#indexFor(offset); index < this.#segments.length; index++) {
      const segment = this.#segments[index]!
      if (segment.endOffset > offset && segment.writtenBytes > 0) return segment
    }
    return undefined
  }

  #indexFor(offset: bigint): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle]!.baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

function release(pieces: readonly Retained[] | null): void {
  for (const piece of pieces ?? []) piece.release()
}

async function batchByTimestampIn(segments: readonly Segment[], at: bigint | 'max'): Promise<bigint | null> {
  const wanted = at === 'max' ? await maxTimestampOf(segments) : at
  for (const segment of segments) {
    const found = await orFailure(() => segment.batchByTimestamp(wanted), segment.path)
    if (found !== null) return found.baseOffset
  }
  return null
}

async function maxTimestampOf(segments: readonly Segment[]): Promise<bigint> {
  let max = -1n
  for (const segment of segments) {
    const maxTimestamp = await orFailure(() => segment.maxTimestamp(), segment.path)
    if (maxTimestamp > max) max = maxTimestamp
  }
  return max
}
