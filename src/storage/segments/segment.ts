import type { OpenFile } from '../../environment/files.ts'
import { batchFactsAt, batchFactsBytes } from '../batch-facts.ts'
import { type BatchPosition, type RangeOptions, StorageError, type StorageRange } from '../storage.ts'
import { type Visit, type WalkEnd, type WalkOptions, walkBatches } from './batch-walk.ts'
import type { PartitionFolder } from './partition-folder.ts'
import type { SegmentContext } from './segment-context.ts'
import { type LoadedIndex, nothingLoaded, SegmentIndex } from './segment-index.ts'

export interface FoundSegment {
  readonly baseOffset: bigint
  readonly sizeBytes: number
  readonly createdMs: number
  /** Where the next segment begins, or the log ends. */
  readonly endOffset: bigint
  readonly hadIndexes: boolean
}

/** Of the active segment's index so much is kept in memory, since readers at its end need it: what leads to 16 MiB of log. */
const entriesKept = 4096
/** The index of so much log may be in memory alone: a start after a crash finds the batches there by their headers. */
const unstoredBytesMax = 512 * 1024
/** After a loss of power the index of so much log may be gone. */
const unsyncedBytesMax = 8 * 1024 * 1024
const noEntries = { offsets: 0, times: 0 }

/** One log file, appended or written, and its indexes. There are many that nobody reads: what is not needed is not held. */
export class Segment {
  readonly baseOffset: bigint
  readonly createdMs: number
  /** Its indexes are in their files, synced: the recovery point may pass it. */
  isSealed = false
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  readonly #ranges: RangeOptions
  /** Bytes that were in the file when it was opened may be on the disk alone; later ones are in the system's memory. */
  readonly openedBytes: number
  #hasIndexes: boolean
  #hasReserve = false
  /** How long it was when its index was last stored, and synced. */
  #storedBytes = 0
  #syncedBytes = 0
  #file: OpenFile | null = null
  #isClosed = false
  #index: SegmentIndex | null = null
  #sizeBytes: number
  #writtenBytes: number
  #endOffset: bigint
  /** Building the index anew and storing it exclude each other. */
  #indexWork: Promise<unknown> | null = null

  /** `found`: as its files and those behind it say; its batches may end below that. */
  constructor(context: SegmentContext, folder: PartitionFolder, ranges: RangeOptions, found: FoundSegment) {
    this.#context = context
    this.#folder = folder
    this.#ranges = ranges
    this.baseOffset = found.baseOffset
    this.createdMs = found.createdMs
    this.openedBytes = found.sizeBytes
    this.#sizeBytes = found.sizeBytes
    this.#writtenBytes = found.sizeBytes
    this.#endOffset = found.endOffset
    this.#hasIndexes = found.hadIndexes
  }

  /** A new one; makes its file. */
  static create(context: SegmentContext, folder: PartitionFolder, ranges: RangeOptions, baseOffset: bigint): Segment {
    const found = { baseOffset, sizeBytes: 0, createdMs: context.time.nowMs(), endOffset: baseOffset, hadIndexes: false }
    const segment = new Segment(context, folder, ranges, found)
    segment.#file = folder.createSegmentSync(baseOffset)
    segment.#preallocate(ranges.preallocateBytes)
    return segment
  }

  /** One that will take the place of others, in a file that has another name until then. */
  static replacement(
    context: SegmentContext,
    folder: PartitionFolder,
    ranges: RangeOptions,
    baseOffset: bigint,
    file: OpenFile,
  ): Segment {
    const found = { baseOffset, sizeBytes: 0, createdMs: context.time.nowMs(), endOffset: baseOffset, hadIndexes: false }
    const segment = new Segment(context, folder, ranges, found)
    segment.#file = file
    return segment
  }

  /** It was closed, and perhaps removed or replaced: what was read of it since the last await may be of another. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  get path(): string {
    return this.#folder.segmentPath(this.baseOffset)
  }

  get file(): OpenFile {
    // Another file may have its name by now.
    if (this.#isClosed) throw new Error(`${this.path} is closed`)
    this.#file ??= this.#context.files.openSync(this.path)
    return this.#file
  }

  /** With what was appended and is not written yet. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** Behind its last batch, or, of a segment that was closed before it was opened here, where the next one begins. */
  get endOffset(): bigint {
    return this.#endOffset
  }

  get isIndexFull(): boolean {
    return this.#sizeBytes > 0 && this.#known.isFull(this.#ranges.indexBytesMax)
  }

  facts(endOffset: bigint): StorageRange {
    const { baseOffset, createdMs } = this
    const maxTimestamp = (): bigint => this.#maxTimestampNow()
    return {
      baseOffset,
      endOffset,
      sizeBytes: this.#sizeBytes,
      createdMs,
      // Few ask, and it may take a look at a file.
      get maxTimestamp() {
        return maxTimestamp()
      },
    }
  }

  /** Notes a batch at the end; returns where its bytes go. */
  add(at: BatchPosition, sizeBytes: number): number {
    const position = this.#sizeBytes
    this.#known.add(at, position, sizeBytes)
    this.#sizeBytes += sizeBytes
    this.#endOffset = at.lastOffset + 1n
    return position
  }

  wrote(bytes: number): void {
    this.#writtenBytes += bytes
  }

  /** Takes over what a recovery found. */
  addWritten(at: BatchPosition, sizeBytes: number): void {
    this.add(at, sizeBytes)
    this.wrote(sizeBytes)
  }

  /** A position at or before the batch that contains `offset`; null if it takes a load to know it. */
  floorNow(offset: bigint): number | null {
    return offset <= this.baseOffset || this.#writtenBytes === 0 ? 0 : this.#known.floorNow(offset)
  }

  async floor(offset: bigint): Promise<number> {
    const floor = this.floorNow(offset)
    if (floor !== null) return floor
    const loaded = await this.#load()
    return this.#known.floor(offset, loaded)
  }

  /** A position at or behind the end of the batches that end below `offset`. */
  ceiling(offset: bigint): number {
    if (offset >= this.#endOffset || this.#index === null) return this.#sizeBytes
    return this.#index.ceilingNow(offset) ?? this.#sizeBytes
  }

  /** The last batch known to begin at or before a position and to end at or below an offset; -1 if none is. */
  lastBatchNow(position: number, offset: bigint): number {
    return this.#index === null ? -1 : this.#index.lastBatchNow(position, offset)
  }

  /** Walks what is written, from a position where a batch begins. */
  async walk(from: number, visit: Visit): Promise<void> {
    const end = await this.walkFile({ from, to: this.#writtenBytes, fromOffset: 0n, checkCrc: false, visit })
    if (end.defect !== null) throw new StorageError('corrupt', `${this.path}: ${end.defect} at ${end.position}`)
  }

  walkFile(options: Omit<WalkOptions, 'file' | 'buffers'>): Promise<WalkEnd> {
    return walkBatches({ ...options, file: this.file, buffers: this.#context.buffers })
  }

  /** The first batch with a timestamp at or above `at`. */
  async batchByTimestamp(at: bigint): Promise<BatchPosition | null> {
    if (this.#writtenBytes === 0) return null
    const loaded = await this.#load()
    if (this.#known.maxTimestamp < at) return null
    let found: BatchPosition | null = null
    await this.walk(this.#known.floorOfTimestamp(at, loaded), (facts) => {
      if (facts.maxTimestamp >= at) found = facts
      return found !== null
    })
    return found
  }

  async maxTimestamp(): Promise<bigint> {
    if (this.#sizeBytes === 0) return -1n
    if (this.#known.isBroken) await this.#load()
    return this.#known.maxTimestamp
  }

  /** Of its first batch; null while nothing is written. */
  firstTimestamp(): bigint | null {
    if (this.#writtenBytes === 0) return null
    const header = Buffer.alloc(batchFactsBytes)
    return batchFactsAt(header.subarray(0, this.file.readSync(header, 0)), 0)?.maxTimestamp ?? null
  }

  /** Its file is longer than what is written, until `trim`. */
  get hasReserve(): boolean {
    return this.#hasReserve
  }

  /** Gives back what was preallocated. All that was appended must be written. */
  async trim(): Promise<void> {
    await this.file.truncate(this.#writtenBytes)
    await this.file.sync()
    this.#hasReserve = false
  }

  /** Its index files are there, as long as whole entries are. */
  get hasIndexFiles(): boolean {
    const isSound = this.#hasIndexes && !this.#known.isBroken
    this.dropIndex()
    return isSound
  }

  /** The log is known to have ended here at its last stop. */
  endedAt(endOffset: bigint): void {
    this.#endOffset = endOffset
  }

  /**
   * Prepares to find its batches again: keeps what the index files say of those below `below` (all, if null) and forgets
   * where the segment ends. Returns where a walk must begin.
   */
  async beginRecovery(below: bigint | null): Promise<number> {
    const index = new SegmentIndex(this.#context, this.#folder, this.baseOffset, this.#ranges.indexIntervalBytes, null)
    this.#index = index
    let { position, lastOffset } = below === 0n ? index.reset() : await index.recover(this.openedBytes, below)
    if (lastOffset !== null && this.#lastOffsetAt(position) !== lastOffset) position = index.reset().position
    this.#restartAt(position)
    return position
  }

  /** What the walk went by need not stay in memory. */
  endRecovery(): void {
    this.#index?.shelve()
  }

  /** Cuts off the batches that reach `end` or beyond, in the file too. Nothing may be unwritten. */
  async truncateTo(end: bigint): Promise<void> {
    await this.#exclusively(async () => {
      const { position } = this.#known.cutTo(end, await this.#known.load(this.#writtenBytes))
      // Before the log is cut: an index that says less than the log has does no harm.
      await this.#store({ sync: true, create: false })
      const kept: { at: BatchPosition; sizeBytes: number }[] = []
      await this.walk(position, (facts) => {
        if (facts.lastOffset >= end) return true
        kept.push({ at: facts, sizeBytes: facts.sizeBytes })
        return false
      })
      this.#restartAt(position)
      for (const { at, sizeBytes } of kept) this.addWritten(at, sizeBytes)
      await this.file.truncate(this.#writtenBytes)
      this.#hasReserve = false
      this.isSealed = false
    })
  }

  /**
   * Nothing is appended any more, or not for now: leaves the index files whole and synced. 'made': their names are not durable
   * yet. `atOnce`: a start would trust them, so that they must not be found half written.
   */
  async finishIndex(atOnce = false): Promise<'unchanged' | 'made' | 'failed'> {
    if (this.#index === null && this.#hasIndexes) return 'unchanged'
    return await this.#exclusively(async () => {
      if (this.#known.isBroken) await this.#rebuild()
      this.#known.finish()
      const hadIndexes = this.#hasIndexes
      if (!(await this.#store({ sync: true, create: !hadIndexes, atOnce }))) return 'failed'
      this.#hasIndexes = true
      this.dropIndex()
      return hadIndexes || atOnce ? 'unchanged' : 'made'
    })
  }

  /** Brings the index files nearer to the log, so that a start after a crash walks less. True: their names are not durable yet. */
  async storeIndex(isIdle: boolean): Promise<boolean> {
    const index = this.#index
    if (index === null || index.isBroken) return false
    const unstoredBytes = index.unstoredCount === 0 ? 0 : this.#sizeBytes - this.#storedBytes
    if (!index.awaitsSync && unstoredBytes < (isIdle ? 1 : unstoredBytesMax)) return false
    return await this.#exclusively(async () => {
      // Without its last timestamp in the file the index could not be forgotten.
      if (isIdle) index.finish()
      const sizeBytes = this.#sizeBytes
      // Nor may it be forgotten that the files are not synced: a stop would vouch for them.
      const sync = isIdle || index.awaitsSync || sizeBytes - this.#syncedBytes >= unsyncedBytesMax
      const isStored = await this.#store({ sync, create: sync && !this.#hasIndexes })
      if (!isStored || this.#index !== index) return false
      this.#storedBytes = sizeBytes
      if (sync) this.#syncedBytes = sizeBytes
      if (isIdle && index.unstoredCount === 0) this.dropIndex()
      else index.trim(entriesKept)
      return sync && !this.#hasIndexes
    })
  }

  namesAreDurable(): void {
    this.#hasIndexes = true
  }

  /** A loss of power could bring back entries that were cut off. */
  get indexAwaitsSync(): boolean {
    return this.#index?.awaitsSync === true
  }

  /** What its files say is enough from here on. */
  dropIndex(): void {
    this.#index?.forget()
    this.#index = null
  }

  /** Waits for what is under way. The files may be renamed or removed then. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#indexWork
    this.#index?.forget()
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  get #known(): SegmentIndex {
    if (this.#index !== null) return this.#index
    const [context, folder, { indexIntervalBytes }] = [this.#context, this.#folder, this.#ranges]
    this.#index =
      this.#sizeBytes > 0
        ? SegmentIndex.ofFiles(context, folder, this.baseOffset, indexIntervalBytes, () => this.firstTimestamp())
        : new SegmentIndex(context, folder, this.baseOffset, indexIntervalBytes, this.#hasIndexes ? null : noEntries)
    return this.#index
  }

  async #load(): Promise<LoadedIndex> {
    const index = this.#known
    const loaded = await index.load(this.#sizeBytes)
    if (loaded !== null) return loaded
    if (this.#isClosed) throw new StorageError('io', `${this.path} is closed`)
    await this.#exclusively(() => this.#rebuild())
    return (await index.load(this.#sizeBytes)) ?? nothingLoaded
  }

  /** The index files are missing or wrong. */
  async #rebuild(): Promise<void> {
    const index = this.#known
    if ((await index.load(this.#sizeBytes)) !== null) return
    this.#context.logger.warn({ segment: this.path }, `The index of ${this.path} is missing or wrong; it is built anew.`)
    const { indexIntervalBytes } = this.#ranges
    const rebuilt = new SegmentIndex(this.#context, this.#folder, this.baseOffset, indexIntervalBytes, noEntries)
    await this.walk(0, (facts, position) => {
      rebuilt.add(facts, position, facts.sizeBytes)
      return false
    })
    if (this.isSealed) rebuilt.finish()
    index.replaceBy(rebuilt)
    if (this.isSealed && (await this.#store({ sync: true, create: true, atOnce: true }))) index.trim(0)
  }

  /** False, with a log line, where the system does not let it: the index stays in memory then, and nobody need fail for it. */
  async #store(options: { readonly sync: boolean; readonly create: boolean; readonly atOnce?: boolean }): Promise<boolean> {
    try {
      if (options.atOnce === true) await this.#known.replaceFiles()
      else await this.#known.store(options)
      return true
    } catch (error) {
      this.#context.logger.error(
        { err: error, segment: this.path },
        `The index of ${this.path} cannot be written. Nothing is lost: it is tried again, and built anew at a start. Look for a full disk or missing permissions.`,
      )
      return false
    }
  }

  /** As Kafka does: the length, not the blocks. Its last byte sets it at once, so that no batch can be written before. */
  #preallocate(bytes: number): void {
    if (bytes === 0) return
    this.#hasReserve = true
    try {
      this.file.writeSync([Buffer.alloc(1)], bytes - 1)
    } catch {
      // No room: then it grows as it is written.
    }
  }

  #restartAt(position: number): void {
    this.#storedBytes = position
    this.#syncedBytes = position
    this.#sizeBytes = position
    this.#writtenBytes = position
    if (position === 0) this.#endOffset = this.baseOffset
  }

  #lastOffsetAt(position: number): bigint | null {
    const header = Buffer.alloc(batchFactsBytes)
    return batchFactsAt(header.subarray(0, this.file.readSync(header, position)), 0)?.lastOffset ?? null
  }

  #maxTimestampNow(): bigint {
    if (this.#sizeBytes === 0) return -1n
    // Until its index is built anew a segment counts as young, and so does one that is gone.
    return (this.#isClosed && this.#index === null) || this.#known.isBroken
      ? BigInt(this.#context.time.nowMs())
      : this.#known.maxTimestamp
  }

  async #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const work = (this.#indexWork ?? Promise.resolve()).then(run)
    const done = work.then(
      () => {},
      () => {},
    )
    this.#indexWork = done
    try {
      return await work
    } finally {
      if (this.#indexWork === done) this.#indexWork = null
    }
  }
}
