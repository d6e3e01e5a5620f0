import type { Retained } from '../../../protocol/records/records-slice.ts'
import type { Buffers } from '../../environment/buffers.ts'
import { batchFactsAt, batchFactsBytes } from '../batch-facts.ts'
import { StorageError } from '../storage.ts'
import type { Segment } from './segment.ts'

/** What was written so lately is in the system's memory: reading it at once costs less than the way through the thread pool. */
const lateBytes = 64 * 1024 * 1024
const readBytesMin = 64 * 1024
const readBytesMax = 16 * 1024 * 1024
const rememberedMax = 16

type Read = readonly Retained[] | null

export interface ReadLimits {
  readonly from: bigint
  readonly end: bigint
  readonly maxBytes: number
  readonly atLeastOne: boolean
}

type Selection =
  | { readonly kind: 'selected'; readonly first: number; readonly end: number; readonly nextOffset: bigint | null }
  | { readonly kind: 'nothing' }
  /** The bytes from `position` (within what was read) on decide, and so many of them are needed. */
  | { readonly kind: 'more'; readonly position: number; readonly bytes: number }

/** Reads whole batches of one partition's segments into pooled buffers. */
export class SegmentReader {
  readonly #buffers: Buffers
  /** Where earlier reads ended: a consumer that goes on from there needs no walk. */
  #remembered: Map<bigint, { readonly segment: Segment; readonly position: number }> | null = null

  constructor(buffers: Buffers) {
    this.#buffers = buffers
  }

  /** Positions changed: segments were cut, removed or replaced. */
  forget(): void {
    this.#remembered = null
  }

  /** Where to begin, exactly or before; null if the segment's index has to be read for it. */
  startNow(segment: Segment, from: bigint): number | null {
    const remembered = this.#remembered?.get(from)
    return remembered?.segment === segment ? remembered.position : segment.floorNow(from)
  }

  /** Null if the segment has no batch between the limits: the next one may. */
  read(segment: Segment, limits: ReadLimits): Read | Promise<Read> {
    const start = this.startNow(segment, limits.from)
    if (start !== null) return this.#readFrom(segment, limits, start)
    return segment.floor(limits.from).then((floor) => this.#readFrom(segment, limits, floor))
  }

  #readFrom(segment: Segment, limits: ReadLimits, start: number): Read | Promise<Read> {
    const stop = Math.min(segment.writtenBytes, segment.ceiling(limits.end))
    const wanted = Math.min(readBytesMax, Math.max(limits.maxBytes, readBytesMin), stop - start)
    if (wanted <= 0) return null
    const isLate = start >= segment.openedBytes && segment.writtenBytes - start <= lateBytes
    return isLate ? this.#readNow(segment, limits, start, stop, wanted) : this.#readLater(segment, limits, start, stop, wanted)
  }

  #readNow(segment: Segment, limits: ReadLimits, start: number, stop: number, wanted: number): Read {
    let [position, bytes] = [start, wanted]
    for (;;) {
      const buffer = this.#buffers.take(bytes)
      const length = this.#orGive(buffer, () => segment.file.readSync(buffer, position))
      const selection = this.#orGive(buffer, () => select(buffer.subarray(0, length), limits, segment, position))
      if (selection.kind !== 'more' || position + selection.position >= stop)
        return this.#give(segment, position, buffer, selection)
      this.#buffers.give(buffer)
      position += selection.position
      bytes = Math.min(Math.max(selection.bytes, wanted), stop - position)
      if (bytes < selection.bytes) return []
    }
  }

  async #readLater(segment: Segment, limits: ReadLimits, start: number, stop: number, wanted: number): Promise<Read> {
    let [position, bytes] = [start, wanted]
    for (;;) {
      const buffer = this.#buffers.take(bytes)
      let selection: Selection
      try {
        const length = await segment.file.read(buffer, position)
        selection = select(buffer.subarray(0, length), limits, segment, position)
      } catch (error) {
        this.#buffers.give(buffer)
        throw error
      }
      if (selection.kind !== 'more' || position + selection.position >= stop)
        return this.#give(segment, position, buffer, selection)
      this.#buffers.give(buffer)
      position += selection.position
      bytes = Math.min(Math.max(selection.bytes, wanted), stop - position)
      if (bytes < selection.bytes) return []
    }
  }

  #orGive<T>(buffer: Buffer, run: () => T): T {
    try {
      return run()
    } catch (error) {
      this.#buffers.give(buffer)
      throw error
    }
  }

  #give(segment: Segment, position: number, buffer: Buffer, selection: Selection): Read {
    if (selection.kind !== 'selected') {
      this.#buffers.give(buffer)
      return selection.kind === 'more' ? null : []
    }
    if (selection.nextOffset !== null) this.#remember(selection.nextOffset, segment, position + selection.end)
    return [{ bytes: buffer.subarray(selection.first, selection.end), release: () => this.#buffers.give(buffer) }]
  }

  #remember(offset: bigint, segment: Segment, position: number): void {
    this.#remembered ??= new Map()
    this.#remembered.delete(offset)
    this.#remembered.set(offset, { segment, position })
    if (this.#remembered.size > rememberedMax) this.#remembered.delete(this.#remembered.keys().next().value!)
  }
}

/** Which of the batches in `bytes`, at whose start one begins, the limits ask for. */
function select(bytes: Buffer, limits: ReadLimits, segment: Segment, position: number): Selection {
  const corrupt = (at: number): StorageError => new StorageError('corrupt', `${segment.file.path}: no batch at ${position + at}`)
  let first = -1
  let end = -1
  let nextOffset: bigint | null = null
  let at = 0
  if (bytes.length === 0) throw corrupt(0)
  while (at < bytes.length) {
    const facts = batchFactsAt(bytes, at)
    if (facts === null) {
      if (at === 0 || bytes.length - at >= batchFactsBytes) throw corrupt(at)
      break
    }
    // The batches before it were jumped over: where the last of them ends is told by this one.
    if (end === at) nextOffset ??= facts.baseOffset
    if (facts.lastOffset < limits.from) {
      at += facts.sizeBytes
      continue
    }
    if (facts.lastOffset >= limits.end) return finished(first, end, nextOffset)
    const sumBytes = at + facts.sizeBytes - (first === -1 ? at : first)
    if (sumBytes > limits.maxBytes && !(limits.atLeastOne && first === -1)) return finished(first, end, nextOffset)
    if (at + facts.sizeBytes > bytes.length) {
      return first === -1 ? { kind: 'more', position: at, bytes: facts.sizeBytes } : finished(first, end, nextOffset)
    }
    const isFirst = first === -1
    if (isFirst) first = at
    at += facts.sizeBytes
    end = at
    nextOffset = facts.lastOffset + 1n
    if (!isFirst) continue
    // Whatever lies before an indexed batch below the limits is within them too: thousands of small batches need no look.
    const indexed = segment.lastBatchNow(position + Math.min(bytes.length, first + limits.maxBytes), limits.end) - position
    if (indexed <= at) continue
    at = indexed
    end = at
    nextOffset = null
  }
  return first === -1 ? { kind: 'more', position: at, bytes: 1 } : finished(first, end, nextOffset)
}

function finished(first: number, end: number, nextOffset: bigint | null): Selection {
  return first === -1 ? { kind: 'nothing' } : { kind: 'selected', first, end, nextOffset }
}
