import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import { batchFactsAt } from '../batch-facts.ts'
import {
  type BatchPosition,
  defaultRangeOptions,
  type NamedBytes,
  type OpenOptions,
  type PartitionId,
  type PartitionStorage,
  type RangeOptions,
  type StorageDirectory,
  StorageError,
  type StorageRange,
} from '../storage.ts'
import { GatheredWrites } from './gathered-writes.ts'
import { LogWriter } from './log-writer.ts'
import type { CheckpointedLog } from './offset-checkpoints.ts'
import type { PartitionFolder } from './partition-folder.ts'
import { PartitionReads } from './partition-reads.ts'
import { type Recovered, recoverSegments } from './recovery.ts'
import { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { SegmentSealing } from './segment-sealing.ts'
import { orFailure, storageFailure } from './storage-failure.ts'

/** One partition in a folder of Kafka's layout. */
export class SegmentPartition implements PartitionStorage, CheckpointedLog {
  readonly topic: string
  readonly partition: number
  readonly recoveredBytesCut: number
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  readonly #segments: Segment[]
  readonly #writer: LogWriter
  readonly #reads: PartitionReads
  /** The metadata log is checked from its first byte at every start, and is in no checkpoint. */
  readonly #isCheckpointed: boolean
  #ranges: RangeOptions
  readonly #sealing: SegmentSealing
  /** While the log is being cut. */
  #recoveryPointMax: bigint | null = null
  #endOffset: bigint
  #state: 'open' | 'cutting' | 'closed' = 'open'
  /** Changes to the list of segments happen one after the other. */
  #changes: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null
  #closed: () => void = () => {}

  private constructor(
    context: SegmentContext,
    folder: PartitionFolder,
    id: PartitionId,
    options: OpenOptions,
    recovered: Recovered,
  ) {
    const { segments, bytesCut } = recovered
    this.#context = context
    this.#folder = folder
    this.topic = id.topic
    this.partition = id.partition
    this.#isCheckpointed = options.onCorruption === 'cut'
    this.#ranges = options.ranges ?? defaultRangeOptions
    this.#segments = segments
    this.recoveredBytesCut = bytesCut
    this.#endOffset = segments.at(-1)!.endOffset
    this.#writer = new LogWriter(context, folder, id, options.events, this.#endOffset)
    this.#reads = new PartitionReads(segments, context.buffers, () => this.#mustBeOpen())
    this.#sealing = new SegmentSealing(context, folder, segments, this.#writer)
    this.#sealLater()
  }

  static async open(
    context: SegmentContext,
    folder: PartitionFolder,
    id: PartitionId,
    options: OpenOptions,
    clean: boolean,
  ): Promise<SegmentPartition> {
    const { onCorruption, ranges = defaultRangeOptions } = options
    const recoveryPoint = context.checkpoints.recoveryPoint(id.topic, id.partition)
    const recovered = await recoverSegments(context, folder, { onCorruption, clean, recoveryPoint, ranges })
    const { segments } = recovered
    const isNew = segments.length === 0
    if (isNew) {
      segments.push(Segment.create(context, folder, ranges, 0n))
      await folder.sync()
    }
    const partition = new SegmentPartition(context, folder, id, options, recovered)
    // The name of an empty segment may not have become durable before the crash: no read tells.
    if (!clean && !isNew && segments.at(-1)!.sizeBytes === 0) partition.#writer.madeEntry(segments.at(-1)!)
    if (!partition.#isCheckpointed) return partition
    context.checkpoints.add(partition)
    // What was checked now need not be checked again.
    if (partition.recoveryPoint !== recoveryPoint) context.checkpoints.appended(partition, recovered.bytesChecked)
    return partition
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

  get recoveryPoint(): bigint {
    let point = this.#writer.checkpointEnd
    // The names of files that hold indexes, and what was cut from them, must not come back after it has passed them.
    const unsealed = this.#sealing.firstOffset
    if (unsealed !== null && unsealed < point) point = unsealed
    if (this.#last.indexAwaitsSync && this.#last.baseOffset < point) point = this.#last.baseOffset
    return this.#recoveryPointMax !== null && this.#recoveryPointMax < point ? this.#recoveryPointMax : point
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
    if (this.#isCheckpointed) this.#context.checkpoints.appended(this, batch.sizeBytes)
  }

  /** As in Kafka for the segments that are made from then on. */
  configure(ranges: RangeOptions): void {
    this.#ranges = ranges
  }

  get isLastRangeFull(): boolean {
    return this.#last.isIndexFull
  }

  firstTimestampOfLastRange(): bigint | null {
    return this.#last.firstTimestamp()
  }

  async flush(): Promise<void> {
    await this.#writer.flush()
  }

  roll(): void {
    this.#mustBeOpen()
    if (this.#last.sizeBytes === 0) return
    const closed = this.#last
    try {
      const segment = Segment.create(this.#context, this.#folder, this.#ranges, this.#endOffset)
      this.#segments.push(segment)
      this.#writer.madeEntry(segment)
      this.#sealing.add(closed)
      this.#sealLater()
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
    return from < limits.end ? this.#reads.read(limits) : []
  }

  available(from: bigint, end: bigint, enoughBytes: number): number {
    return this.#reads.available(from, end, enoughBytes)
  }

  walkHeaders(from: bigint, visit: (header: Buffer) => boolean): Promise<void> {
    return this.#reads.walkHeaders(from, visit)
  }

  async batchByTimestamp(at: bigint | 'max'): Promise<bigint | null> {
    this.#mustBeOpen()
    return await this.#reads.batchByTimestamp(at)
  }

  async truncateTo(end: bigint): Promise<void> {
    this.#mustBeOpen()
    if (end >= this.#endOffset && this.#writer.failure === null) return
    await this.#cut(end, async () => {
      const until = end < this.writtenEnd ? end : this.writtenEnd
      // The highest first: whatever a crash leaves is a log without a hole.
      await this.#lowerRecoveryPoint(until)
      while (this.#segments.length > 1 && this.#last.baseOffset >= until) await this.#remove(this.#segments.pop()!)
      await this.#last.truncateTo(until)
      // After a failed write too: the part of a batch that a full disk took would come back in the middle of the log.
      if (this.#context.durability === 'fsync' && !this.#writer.needsRestart) await this.#last.file.sync()
    })
    // After a failed sync the log is cut, and still takes nothing: who asked must not go on as if it did.
    if (this.#writer.failure !== null) throw this.#writer.failure
  }

  async restartAt(offset: bigint): Promise<void> {
    this.#mustBeOpen()
    await this.#cut(-1n, async () => {
      await this.#lowerRecoveryPoint(offset)
      while (this.#segments.length > 1) await this.#remove(this.#segments.pop()!)
      await this.#remove(this.#last)
      this.#segments.splice(0, 1, Segment.create(this.#context, this.#folder, this.#ranges, offset))
    })
  }

  async deleteBefore(offset: bigint): Promise<void> {
    this.#mustBeOpen()
    await this.#change(async () => {
      while (this.#segments.length > 1 && this.#segments[1]!.baseOffset <= offset) await this.#remove(this.#segments.shift()!)
      this.#reads.forget()
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
      this.#reads.forget()
      for (const segment of replaced) await this.#closeSegment(segment)
      await this.#folder.completeReplacement(
        from,
        replaced.map((segment) => segment.baseOffset),
        replacement.file,
      )
      // The recovery point has passed it already.
      replacement.isSealed = (await replacement.finishIndex(true)) !== 'failed'
      if (!replacement.isSealed) this.#sealing.add(replacement)
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
        await this.#sealing.finish()
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

  /** After its folder was deleted. */
  async retractFromJournal(): Promise<void> {
    await this.#writer.retractFromJournal()
  }

  get #last(): Segment {
    return this.#segments.at(-1)!
  }

  async checkpoint(isIdle: boolean): Promise<void> {
    if (this.#state !== 'open') return
    // Not waited for: a replacement that is under way may take long.
    this.#sealLater()
    if (isIdle && this.#context.durability === 'fsync') await this.#writer.flush().catch(() => {})
    const segment = this.#last
    if (!(await segment.storeIndex(isIdle))) return
    await this.#folder.sync().then(
      () => segment.namesAreDurable(),
      () => {},
    )
  }

  #sealLater(): void {
    if (!this.#sealing.begin()) return
    void this.#change(() => this.#sealing.run()).catch((error) => {
      // A log that failed says so itself, and whoever closes it closes its segments too.
      if (this.#writer.failure !== null || this.#state === 'closed') return
      const { path } = this.#folder
      this.#context.logger.error({ err: error, folder: path }, `A segment of ${path} could not be closed; it is tried again.`)
    })
  }

  /** Before anything is cut: a start must not take on trust what will be written in its place. */
  async #lowerRecoveryPoint(end: bigint): Promise<void> {
    this.#recoveryPointMax = end
    if (this.#isCheckpointed) await this.#context.checkpoints.lower(this)
  }

  async #writeReplacement(baseOffset: bigint, batches: AsyncIterable<Buffer>): Promise<Segment> {
    const file = await this.#folder.createReplacement(baseOffset)
    const segment = Segment.replacement(this.#context, this.#folder, this.#ranges, baseOffset, file)
    const writes = new GatheredWrites(file, this.#context.buffers)
    try {
      for await (const bytes of batches) {
        const facts = batchFactsAt(bytes, 0)
        if (facts === null || facts.sizeBytes !== bytes.length) throw new Error(`${file.path}: the cleaner's batch is none`)
        await writes.add(bytes)
        segment.addWritten(facts, bytes.length)
      }
      await writes.flush()
      await file.sync()
      await this.#writer.leaveJournal(baseOffset)
      return segment
    } catch (error) {
      await file.close()
      await this.#folder.removeReplacement(baseOffset)
      throw error
    } finally {
      writes.release()
    }
  }

  /** Cutting: nothing is appended meanwhile, nothing is under way, and afterwards the ends are those of what is left. */
  async #cut(keptEnd: bigint, run: () => Promise<void>): Promise<void> {
    this.#state = 'cutting'
    try {
      await this.#change(async () => {
        await this.#writer.settle()
        try {
          await this.#writer.leaveJournal(keptEnd)
          await run()
          await this.#folder.sync()
        } catch (error) {
          this.#writer.cutFailed(error)
          throw error
        }
        this.#reads.forget()
        this.#endOffset = this.#last.endOffset
        this.#writer.restart(this.startOffset, this.#endOffset)
      })
    } finally {
      this.#recoveryPointMax = null
      if (this.#state === 'cutting') this.#state = 'open'
    }
  }

  async #change(run: () => Promise<void>): Promise<void> {
    const change = this.#changes.then(() => orFailure(run, this.#folder.path))
    this.#changes = change.catch(() => {})
    await change
  }

  async #closeSegment(segment: Segment): Promise<void> {
    await this.#writer.forget(segment)
    await segment.close()
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#closeSegment(segment)
    await this.#folder.removeSegment(segment.baseOffset)
  }

  async #closeAll(): Promise<void> {
    await this.#folder.checkpoints.settled()
    for (const segment of this.#segments) await segment.close()
  }

  #mustBeOpen(): void {
    if (this.#state === 'closed') throw new StorageError('io', `${this.#folder.path} is closed`)
  }
}
