import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import { systemErrorCode } from '../../environment/files.ts'
import { batchFactsAt } from '../batch-facts.ts'
import {
  type BatchPosition,
  type NamedBytes,
  type OpenOptions,
  type PartitionStorage,
  type StorageDirectory,
  StorageError,
  type StorageRange,
} from '../storage.ts'
import { LogWriter } from './log-writer.ts'
import type { PartitionFolder } from './partition-folder.ts'
import { recoverSegments } from './recovery.ts'
import { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { SegmentReader } from './segment-reader.ts'
import { storageFailure } from './storage-failure.ts'

const headersAtOnce = 256

/** One partition in a folder of Kafka's layout. */
export class SegmentPartition implements PartitionStorage {
  readonly recoveredBytesCut: number
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  readonly #segments: Segment[]
  readonly #writer: LogWriter
  readonly #reader: SegmentReader
  #endOffset: bigint
  #state: 'open' | 'cutting' | 'closed' = 'open'
  /** Changes to the list of segments happen one after the other. */
  #changes: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null
  #closed: () => void = () => {}

  private constructor(
    context: SegmentContext,
    folder: PartitionFolder,
    segments: Segment[],
    bytesCut: number,
    events: OpenOptions['events'],
  ) {
    this.#context = context
    this.#folder = folder
    this.#segments = segments
    this.recoveredBytesCut = bytesCut
    this.#endOffset = segments.at(-1)!.endOffset
    this.#writer = new LogWriter(context, folder, events, this.#endOffset)
    this.#reader = new SegmentReader(context.buffers)
  }

  static async open(
    context: SegmentContext,
    folder: PartitionFolder,
    options: OpenOptions,
    clean: boolean,
  ): Promise<SegmentPartition> {
    const { segments, bytesCut } = await recoverSegments(context, folder, { onCorruption: options.onCorruption, clean })
    if (segments.length === 0) {
      segments.push(newSegment(context, folder, 0n))
      await folder.sync()
    }
    return new SegmentPartition(context, folder, segments, bytesCut, options.events)
  }

  get directory(): StorageDirectory {
    return this.#context.directory
  }

  get startOffset(): bigint {
    return this.#segments[0]!.baseOffset
  }

  get durableEnd(): bigint {
    return this.#writer.durableEnd
  }

  get writtenEnd(): bigint {
    return this.#writer.writtenEnd
  }

  get endOffset(): bigint {
    return this.#endOffset
  }

  get checkpoints(): NamedBytes {
    return this.#folder.checkpoints
  }

  append(batch: RecordsSlice, at: BatchPosition): void {
    this.#mustBeOpen()
    if (this.#writer.failure !== null) throw this.#writer.failure
    if (this.#state === 'cutting') throw new StorageError('io', `${this.#folder.path} is being cut`)
    if (at.baseOffset < this.#endOffset) {
      throw new Error(`${this.#folder.path}: a batch at ${at.baseOffset}, below ${this.#endOffset}`)
    }
    const segment = this.#last
    const position = segment.add(at, batch.sizeBytes)
    this.#endOffset = at.lastOffset + 1n
    this.#writer.append(segment, position, batch, this.#endOffset)
  }

  configure(): void {}

  get isLastRangeFull(): boolean {
    return false
  }

  firstTimestampOfLastRange(): bigint | null {
    return this.#last.firstTimestamp()
  }

  async flush(): Promise<void> {
    await this.#writer.syncWritten()
  }

  roll(): void {
    this.#mustBeOpen()
    if (this.#last.sizeBytes === 0) return
    try {
      const segment = newSegment(this.#context, this.#folder, this.#endOffset)
      this.#segments.push(segment)
      this.#writer.madeEntry(segment)
    } catch (error) {
      throw storageFailure(error, this.#folder.path)
    }
  }

  ranges(): readonly StorageRange[] {
    return this.#segments.map((segment, index) => segment.facts(this.#segments[index + 1]?.baseOffset ?? this.#endOffset))
  }

  read(from: bigint, end: bigint, maxBytes: number, atLeastOne: boolean): readonly Retained[] | Promise<readonly Retained[]> {
    this.#mustBeOpen()
    const limits = { from, end: end < this.writtenEnd ? end : this.writtenEnd, maxBytes, atLeastOne }
    if (from >= limits.end) return []
    const segment = this.#segmentWith(from)
    if (segment === undefined) return []
    try {
      const read = this.#reader.read(segment, limits)
      return read instanceof Promise ? read.catch((error) => Promise.reject(storageFailure(error, segment.file.path))) : read
    } catch (error) {
      throw storageFailure(error, segment.file.path)
    }
  }

  available(from: bigint, end: bigint, enoughBytes: number): number {
    let sum = 0
    if (from >= end) return 0
    for (let index = this.#indexFor(from); index < this.#segments.length && sum < enoughBytes; index++) {
      const segment = this.#segments[index]!
      if (segment.baseOffset >= end) break
      if (segment.endOffset <= from) continue
      sum += segment.ceiling(end) - this.#reader.start(segment, from)
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
      await this.#orFailure(() =>
        segment.walk(this.#reader.start(segment, begin), (facts, _position, header) => {
          if (facts.lastOffset < begin) return false
          headers.push(Buffer.from(header))
          next = facts.lastOffset + 1n
          return headers.length === headersAtOnce
        }),
      )
      if (headers.length === 0) return
      yield* headers
    }
  }

  async batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    this.#mustBeOpen()
    const wanted = at === 'max' ? this.#maxTimestamp() : at
    for (const segment of [...this.#segments]) {
      if (segment.maxTimestamp < wanted) continue
      const found = await this.#orFailure(() => segment.batchByTimestamp(wanted))
      if (found !== null) return found.baseOffset
    }
    return null
  }

  async truncateTo(end: bigint): Promise<void> {
    this.#mustBeOpen()
    if (end >= this.#endOffset && this.#writer.failure === null) return
    await this.#cut(async () => {
      const until = end < this.writtenEnd ? end : this.writtenEnd
      // The highest first: whatever a crash leaves is a log without a hole.
      while (this.#segments.length > 1 && this.#last.baseOffset >= until) await this.#remove(this.#segments.pop()!)
      await this.#last.truncateTo(until)
      await this.#folder.removeIndexes(this.#last.baseOffset)
      if (this.#context.durability === 'fsync' && this.#writer.failure === null) await this.#last.file.sync()
    })
    // After a failed sync the log is cut, and still takes nothing: who asked must not go on as if it did.
    if (this.#writer.failure !== null) throw this.#writer.failure
  }

  async restartAt(offset: bigint): Promise<void> {
    this.#mustBeOpen()
    await this.#cut(async () => {
      for (let segment = this.#segments.at(-1); segment !== undefined; segment = this.#segments.at(-1)) {
        if (this.#segments.length === 1) break
        await this.#remove(this.#segments.pop()!)
      }
      const [last] = this.#segments
      await this.#remove(last!)
      this.#segments.splice(0, 1, newSegment(this.#context, this.#folder, offset))
    })
  }

  async deleteBefore(offset: bigint): Promise<void> {
    this.#mustBeOpen()
    await this.#change(async () => {
      while (this.#segments.length > 1 && this.#segments[1]!.baseOffset <= offset) await this.#remove(this.#segments.shift()!)
      this.#reader.forget()
    })
  }

  async replace(from: bigint, end: bigint, batches: AsyncIterable<Buffer>): Promise<void> {
    this.#mustBeOpen()
    await this.#change(async () => {
      const first = this.#segments.findIndex((segment) => segment.baseOffset === from)
      const behind = this.#segments.findIndex((segment) => segment.baseOffset === end)
      if (first === -1 || behind <= first) throw new Error(`${this.#folder.path}: no segment borders at ${from} and ${end}`)
      const replacement = await this.#writeReplacement(from, batches)
      await this.#folder.commitReplacement(from, replacement.file)
      const replaced = this.#segments.splice(first, behind - first, replacement)
      this.#reader.forget()
      for (const segment of replaced) await this.#closeSegment(segment)
      await this.#folder.completeReplacement(
        from,
        replaced.map((segment) => segment.baseOffset),
        replacement.file,
      )
    })
  }

  durabilityAwaited(): void {
    this.#writer.durabilityAwaited()
  }

  /** Asked again it gives the same answer: a log that could not be written to its end does not become whole by that. */
  close(): Promise<void> {
    if (this.#state === 'closed') return this.#closing ?? this.#changes
    this.#state = 'closed'
    this.#writer.silence()
    this.#closing = this.#changes.then(async () => {
      try {
        await this.#writer.finish()
      } finally {
        await this.#closeAll()
      }
      this.#closed()
    })
    this.#changes = this.#closing.catch(() => {})
    return this.#closing
  }

  /** Calls `run` when the partition has been closed with all that was appended. */
  onClosed(run: () => void): void {
    this.#closed = run
  }

  /** Before its folder is deleted: what is not written is given up. */
  async abandon(): Promise<void> {
    const wasOpen = this.#state !== 'closed'
    this.#state = 'closed'
    await this.#writer.abandon()
    await this.#changes
    if (wasOpen) await this.#closeAll()
  }

  get #last(): Segment {
    return this.#segments.at(-1)!
  }

  #maxTimestamp(): bigint {
    let max = -1n
    for (const { maxTimestamp } of this.#segments) if (maxTimestamp > max) max = maxTimestamp
    return max
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

  async #writeReplacement(baseOffset: bigint, batches: AsyncIterable<Buffer>): Promise<Segment> {
    const file = await this.#folder.createReplacement(baseOffset)
    const segment = new Segment(file, this.#context.buffers, baseOffset, this.#context.time.nowMs(), 0)
    try {
      for await (const bytes of batches) {
        const facts = batchFactsAt(bytes, 0)
        if (facts === null || facts.sizeBytes !== bytes.length) throw new Error(`${file.path}: the cleaner's batch is none`)
        await file.write([bytes], segment.sizeBytes)
        segment.addWritten(facts, bytes.length)
      }
      await file.sync()
      return segment
    } catch (error) {
      await file.close()
      await this.#folder.removeReplacement(baseOffset)
      throw error
    }
  }

  /** Cutting: nothing is appended meanwhile, nothing is under way, and afterwards the ends are those of what is left. */
  async #cut(run: () => Promise<void>): Promise<void> {
    this.#state = 'cutting'
    try {
      await this.#change(async () => {
        await this.#writer.settle()
        try {
          await run()
          await this.#folder.sync()
        } catch (error) {
          this.#writer.cutFailed(error)
          throw error
        }
        this.#reader.forget()
        this.#endOffset = this.#last.endOffset
        this.#writer.restart(this.startOffset, this.#endOffset)
      })
    } finally {
      if (this.#state === 'cutting') this.#state = 'open'
    }
  }

  async #change(run: () => Promise<void>): Promise<void> {
    const change = this.#changes.then(() => this.#orFailure(run))
    this.#changes = change.catch(() => {})
    await change
  }

  /** What the system says becomes a storage failure; a bug stays one. */
  async #orFailure<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw systemErrorCode(error) === null ? error : storageFailure(error, this.#folder.path)
    }
  }

  async #closeSegment(segment: Segment): Promise<void> {
    await this.#writer.forget(segment)
    await segment.file.close()
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#closeSegment(segment)
    await this.#folder.removeSegment(segment.baseOffset)
  }

  async #closeAll(): Promise<void> {
    await this.#folder.checkpoints.settled()
    for (const segment of this.#segments) await segment.file.close()
  }

  #mustBeOpen(): void {
    if (this.#state === 'closed') throw new StorageError('io', `${this.#folder.path} is closed`)
  }
}

function newSegment(context: SegmentContext, folder: PartitionFolder, baseOffset: bigint): Segment {
  return new Segment(folder.createSegmentSync(baseOffset), context.buffers, baseOffset, context.time.nowMs(), 0)
}
