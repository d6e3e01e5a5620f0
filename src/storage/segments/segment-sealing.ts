import type { LogWriter } from './log-writer.ts'
import type { PartitionFolder } from './partition-folder.ts'
import type { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'

/**
 * What is left to do of the segments of a log that take no more batches: what was reserved for them is given back, and their
 * indexes go into their files. Nobody waits for it; until it is done no start takes them on trust.
 */
export class SegmentSealing {
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  /** In order; its owner changes it. */
  readonly #segments: readonly Segment[]
  readonly #writer: LogWriter
  #unsealed: readonly Segment[]
  #begun = false

  constructor(context: SegmentContext, folder: PartitionFolder, segments: readonly Segment[], writer: LogWriter) {
    this.#context = context
    this.#folder = folder
    this.#segments = segments
    this.#writer = writer
    const unsealed = segments.slice(0, -1).filter((segment) => !segment.isSealed)
    this.#unsealed = unsealed.length === 0 ? none : unsealed
  }

  add(segment: Segment): void {
    this.#unsealed = [...this.#unsealed, segment]
  }

  /** Where the first segment begins that is not sealed yet. */
  get firstOffset(): bigint | null {
    let first: bigint | null = null
    for (const { baseOffset } of this.#unsealed) if (first === null || baseOffset < first) first = baseOffset
    return first
  }

  /** True: there is something to do, and `run` must be called for it. */
  begin(): boolean {
    if (this.#begun || this.#unsealed.length === 0) return false
    this.#begun = true
    return true
  }

  /** Where nothing else changes the list of segments. Indexes that cannot be written are tried again later. */
  async run(): Promise<void> {
    this.#begun = false
    // Kafka too syncs a closed segment, though nobody waits for it: the recovery point can pass it then.
    if (this.#context.durability === 'page-cache') await this.#writer.flush()
    await this.#seal()
  }

  /** At a stop, when all is written. Indexes that say less than the log has must not be found after it: better none. */
  async finish(): Promise<void> {
    await this.#seal()
    const last = this.#segments.at(-1)!
    if (last.hasReserve) await last.trim()
    const finished = await last.finishIndex()
    const failed = finished === 'failed' ? [...this.#unsealed, last] : this.#unsealed
    for (const { baseOffset } of failed) await this.#folder.removeIndexes(baseOffset)
    if (finished === 'made' || failed.length > 0) await this.#folder.sync()
  }

  async #seal(): Promise<void> {
    let isMade = false
    const sealed: Segment[] = []
    for (const segment of this.#unsealed) {
      // One that was cut off is no more, or takes batches again.
      if (!this.#isClosed(segment)) continue
      if (segment.hasReserve) await this.#trim(segment)
      const finished = await segment.finishIndex()
      if (finished === 'made') isMade = true
      if (finished !== 'failed') sealed.push(segment)
    }
    if (isMade) await this.#folder.sync()
    for (const segment of sealed) segment.isSealed = true
    const left = this.#unsealed.filter((each) => !each.isSealed && this.#isClosed(each))
    this.#unsealed = left.length === 0 ? none : left
  }

  #isClosed(segment: Segment): boolean {
    return segment !== this.#segments.at(-1) && this.#segments.includes(segment)
  }

  async #trim(segment: Segment): Promise<void> {
    while (segment.writtenBytes < segment.sizeBytes) await this.#writer.drain()
    await segment.trim()
  }
}

const none: readonly Segment[] = []
