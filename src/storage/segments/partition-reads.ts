import type { Retained } from '../../../protocol/records/records-slice.ts'
import type { Buffers } from '../../environment/buffers.ts'
import type { Segment } from './segment.ts'
import { type ReadLimits, SegmentReader } from './segment-reader.ts'
import { orFailure, storageFailure } from './storage-failure.ts'

const headersAtOnce = 256

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
    const read = await reading.catch((error) => Promise.reject(storageFailure(error, segment.path)))
    if (read !== null) return read
    this.#mustBeOpen()
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

  async *headers(from: bigint): AsyncIterable<Buffer> {
    let next = from
    for (;;) {
      this.#mustBeOpen()
      const segment = this.#segmentWith(next)
      if (segment === undefined) return
      const headers: Buffer[] = []
      const begin = next
      await orFailure(async () => {
        const position = this.#reader.startNow(segment, begin) ?? (await segment.floor(begin))
        await segment.walk(position, (facts, _position, header) => {
          if (facts.lastOffset < begin) return false
          headers.push(Buffer.from(header))
          next = facts.lastOffset + 1n
          return headers.length === headersAtOnce
        })
      }, segment.path)
      // Its last batches may be gone.
      if (headers.length === 0) next = segment.endOffset
      if (headers.length === 0 && segment === this.#segments.at(-1)) return
      yield* headers
    }
  }

  async batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    const segments = [...this.#segments]
    const wanted = at === 'max' ? await maxTimestampOf(segments) : at
    for (const segment of segments) {
      const found = await orFailure(() => segment.batchByTimestamp(wanted), segment.path)
      if (found !== null) return found.baseOffset
    }
    return null
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

async function maxTimestampOf(segments: readonly Segment[]): Promise<bigint> {
  let max = -1n
  for (const segment of segments) {
    const maxTimestamp = await orFailure(() => segment.maxTimestamp(), segment.path)
    if (maxTimestamp > max) max = maxTimestamp
  }
  return max
}
