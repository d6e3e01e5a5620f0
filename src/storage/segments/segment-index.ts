import type { BatchPosition } from '../storage.ts'
import { OffsetIndex, offsetEntryBytes } from './offset-index.ts'
import type { PartitionFolder } from './partition-folder.ts'
import type { SegmentContext } from './segment-context.ts'
import { type InFile, StoredEntries } from './stored-entries.ts'
import { TimeIndex, timeEntryBytes } from './time-index.ts'

/** What fits an entry: a segment holds fewer offsets and bytes. */
const int32Max = 0x7fffffff

/** The index of so much log is so short that reading it at once costs less than the way through the thread pool. */
const smallBytesMax = 64 * 1024 * 1024

/** What is in the files of a segment's indexes, read into memory. */
export interface LoadedIndex {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  readonly stored: InFiles
  readonly memoryBytes: number
}

interface InFiles {
  readonly offsets: InFile
  readonly times: InFile
}

/** Where a segment's index ends after it was cut: a walk from there finds the rest. */
export interface IndexEnd {
  readonly position: number
  /** The last offset of the batch there; null at the start of the segment. */
  readonly lastOffset: bigint | null
}

/**
 * Both indexes of one segment, Kafka's `.index` and `.timeindex`: an entry for the first batch behind each so many bytes, and
 * with it the largest timestamp so far, where it has risen. The files may lag behind; what they lack is in memory.
 */
export class SegmentIndex {
  readonly #context: SegmentContext
  readonly #baseOffset: bigint
  readonly #intervalBytes: number
  readonly #offsets: StoredEntries<OffsetIndex>
  readonly #times: StoredEntries<TimeIndex>
  #bytesSinceEntry = 0
  #maxTimestamp = -1n
  /** The last offset of the first batch that has it. */
  #maxTimestampOffset: bigint
  /** Of the last entry, wherever that is. */
  #lastTimestamp = -1n
  /** The files are not what they should be: nothing is added to them before the index was built anew. */
  isBroken = false

  /** `stored`: how many entries the files have; null where whatever is in them counts for nothing. */
  constructor(
    context: SegmentContext,
    folder: PartitionFolder,
    baseOffset: bigint,
    intervalBytes: number,
    stored: { readonly offsets: number; readonly times: number } | null,
  ) {
    const { files } = context
    this.#context = context
    this.#baseOffset = baseOffset
    this.#maxTimestampOffset = baseOffset
    this.#intervalBytes = intervalBytes
    const offsetsPath = folder.indexPath(baseOffset)
    const timesPath = folder.timeIndexPath(baseOffset)
    this.#offsets = new StoredEntries(files, offsetsPath, offsetEntryBytes, makeOffsets, stored?.offsets ?? null)
    this.#times = new StoredEntries(files, timesPath, timeEntryBytes, makeTimes, stored?.times ?? null)
  }

  /** Of a segment that was closed, by its files; their sizes and the last timestamp alone are looked at. */
  static ofFiles(
    context: SegmentContext,
    folder: PartitionFolder,
    baseOffset: bigint,
    intervalBytes: number,
    firstTimestamp: () => bigint | null,
  ): SegmentIndex {
    const offsets = entriesIn(context, folder.indexPath(baseOffset), offsetEntryBytes)
    const times = entriesIn(context, folder.timeIndexPath(baseOffset), timeEntryBytes)
    const stored = offsets === null || times === null ? null : { offsets, times }
    const index = new SegmentIndex(context, folder, baseOffset, intervalBytes, stored)
    // A loss of power may leave nothing of a file but its name.
    const isEmptied = stored?.times === 0 && (firstTimestamp() ?? -1n) >= 0n
    index.isBroken = stored === null || isEmptied || !index.#readLastTimestamp()
    return index
  }

  get maxTimestamp(): bigint {
    return this.#maxTimestamp
  }

  /** For an index that may become so long: the last entry of the times is kept for the one that closes them, as in Kafka. */
  isFull(bytesMax: number): boolean {
    const offsetsMax = Math.floor(bytesMax / offsetEntryBytes)
    const timesMax = Math.floor(bytesMax / timeEntryBytes) - 1
    return this.#offsets.count >= offsetsMax || this.#times.count >= timesMax
  }

  /** Notes the next batch of the segment. */
  add(at: BatchPosition, position: number, sizeBytes: number): void {
    if (at.maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = at.maxTimestamp
      this.#maxTimestampOffset = at.lastOffset
    }
    if (this.#bytesSinceEntry > this.#intervalBytes) {
      const offset = Number(at.lastOffset - this.#baseOffset)
      if (offset <= int32Max && position <= int32Max) {
        this.#offsets.tail.add(offset, position)
        this.#addTime()
      }
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += sizeBytes
  }

  /** A position at or before the batch that contains `offset`; null if it takes a load to know it. */
  floorNow(offset: bigint): number | null {
    const relative = this.#relative(offset)
    const { before, tail } = this.#offsets
    const inTail = tail.floor(relative)
    if (inTail >= 0) return tail.positionAt(inTail)
    if (before === 0) return 0
    const loaded = this.#context.indexes.get(this)
    return loaded === null ? null : floorIn(loaded.offsets, relative)
  }

  floor(offset: bigint, loaded: LoadedIndex): number {
    const relative = this.#relative(offset)
    const { tail } = this.#offsets
    const inTail = tail.floor(relative)
    return inTail >= 0 ? tail.positionAt(inTail) : floorIn(loaded.offsets, relative)
  }

  /** A position behind all batches that end below `offset`, as near as is at hand; null if only the end of the segment is. */
  ceilingNow(offset: bigint): number | null {
    const relative = this.#relative(offset)
    const { before, tail } = this.#offsets
    const loaded = before === 0 ? null : this.#context.indexes.get(this)
    for (const offsets of [loaded?.offsets, tail]) {
      const index = offsets?.ceiling(relative) ?? -1
      if (offsets !== undefined && index < offsets.count) return offsets.positionAt(index)
    }
    return null
  }

  /** The last indexed batch at hand that begins at or before a position and ends at or below an offset: its position, or -1. */
  lastBatchNow(position: number, offset: bigint): number {
    const relative = this.#relative(offset)
    const { before, tail } = this.#offsets
    const inTail = Math.min(tail.floorOfPosition(position), tail.floor(relative))
    if (inTail >= 0) return tail.positionAt(inTail)
    const offsets = before === 0 ? undefined : this.#context.indexes.get(this)?.offsets
    const index = offsets === undefined ? -1 : Math.min(offsets.floorOfPosition(position), offsets.floor(relative))
    return index < 0 ? -1 : offsets!.positionAt(index)
  }

  /** A position at or before the first batch with a timestamp at or above `timestamp`. */
  floorOfTimestamp(timestamp: bigint, loaded: LoadedIndex): number {
    for (const times of [this.#times.tail, loaded.times]) {
      const index = times.floor(timestamp)
      if (index >= 0) return this.floor(this.#baseOffset + BigInt(times.offsetAt(index)), loaded)
    }
    return 0
  }

  /** What is in the files alone; null if they are not what they should be. */
  async load(sizeBytes: number): Promise<LoadedIndex | null> {
    if (this.isBroken) return null
    if (this.#offsets.before === 0 && this.#times.before === 0) return nothingLoaded
    const held = this.#context.indexes.get(this)
    if (held !== null) return held
    const stored = { offsets: this.#offsets.before, times: this.#times.before }
    // Whatever keeps it from being read, the log has all that it says.
    const loaded = await this.#read(stored).catch(() => null)
    if (loaded === null) return null
    if (loaded.offsets.soundCount(sizeBytes) < stored.offsets || loaded.times.soundCount() < stored.times) return null
    // Entries may have gone from memory to the files alone meanwhile: whoever asks next finds them too.
    if (this.#offsets.before === stored.offsets && this.#times.before === stored.times) this.#context.indexes.put(this, loaded)
    return loaded
  }

  /** What the files say of batches below `below` that lie within so many bytes, and no more. Of an index that nobody has added to. */
  async recover(sizeBytes: number, below: bigint | null): Promise<IndexEnd> {
    const found = await this.#read(null, sizeBytes <= smallBytesMax).catch(() => null)
    if (found === null) return this.reset()
    const { offsets, times } = found
    offsets.keepFirst(offsets.soundCount(sizeBytes))
    if (below !== null) offsets.keepFirst(offsets.ceiling(this.#relative(below)))
    times.keepFirst(times.soundCount())
    return this.#hold(offsets, times, found.stored)
  }

  /** Forgets the batches that reach `end` or beyond; `loaded` null where the files are not what they should be. */
  cutTo(end: bigint, loaded: LoadedIndex | null): IndexEnd {
    if (loaded === null) return this.reset()
    const offsets = this.#offsets.whole(loaded.offsets)
    const times = this.#times.whole(loaded.times)
    offsets.keepFirst(offsets.ceiling(this.#relative(end)))
    return this.#hold(offsets, times, { offsets: this.#offsets.stored, times: this.#times.stored })
  }

  /** Nothing is indexed any more. */
  reset(): IndexEnd {
    return this.#hold(makeOffsets(), makeTimes(), noneStored)
  }

  /** Takes over what a walk through the segment found anew; batches may have been added since it began. */
  replaceBy(rebuilt: SegmentIndex): void {
    const [offsets, times] = [rebuilt.#offsets.tail, rebuilt.#times.tail]
    offsets.addNewer(this.#offsets.tail)
    times.addNewer(this.#times.tail)
    this.#context.indexes.remove(this)
    this.#offsets.hold(offsets, noneStored.offsets)
    this.#times.hold(times, noneStored.times)
    this.isBroken = false
    this.#lastTimestamp = times.count === 0 ? -1n : times.timestampAt(times.count - 1)
    if (this.#maxTimestamp > rebuilt.#maxTimestamp) return
    this.#maxTimestamp = rebuilt.#maxTimestamp
    this.#maxTimestampOffset = rebuilt.#maxTimestampOffset
  }

  /** Adds the entry that says how far the timestamps of a segment go: the last one, once nothing more is added, or for now. */
  finish(): void {
    this.#addTime()
  }

  /** Entries that are in no file yet. */
  get unstoredCount(): number {
    return this.#offsets.count - this.#offsets.stored.count
  }

  /** Whether a crash could bring entries back that were cut off. */
  get awaitsSync(): boolean {
    return this.#offsets.awaitsSync || this.#times.awaitsSync
  }

  async store(options: { readonly sync: boolean; readonly create: boolean }): Promise<void> {
    if (this.isBroken) throw new Error(`${this.#offsets.path} was not built anew`)
    await this.#offsets.store(options)
    await this.#times.store(options)
  }

  /** Of a segment that a start would trust: files that are half written must not be found under the names of its indexes. */
  async replaceFiles(): Promise<void> {
    await this.#offsets.replaceFile()
    await this.#times.replaceFile()
  }

  /** Keeps no more than so many entries in memory of those that are in the files. */
  trim(count: number): void {
    this.#offsets.trim(count)
    this.#times.trim(count)
    this.#context.indexes.remove(this)
  }

  /** After a recovery: what is in the files stays at hand as what was read last, since the log's own state is found by it next. */
  shelve(): void {
    const stored = { offsets: this.#offsets.stored, times: this.#times.stored }
    const offsets = new OffsetIndex(Buffer.from(this.#offsets.tail.bytes().subarray(0, stored.offsets.count * offsetEntryBytes)))
    const times = new TimeIndex(Buffer.from(this.#times.tail.bytes().subarray(0, stored.times.count * timeEntryBytes)))
    this.trim(0)
    const memoryBytes = offsets.memoryBytes + times.memoryBytes
    if (memoryBytes > 0) this.#context.indexes.put(this, { offsets, times, stored, memoryBytes })
  }

  /** The segment is no more, or its files are. */
  forget(): void {
    this.#context.indexes.remove(this)
  }

  #hold(offsets: OffsetIndex, times: TimeIndex, stored: InFiles): IndexEnd {
    const last = offsets.count - 1
    const lastOffset = last < 0 ? null : this.#baseOffset + BigInt(offsets.offsetAt(last))
    // A timestamp of a later batch is found again by whoever walks on from here.
    times.keepFirst(last < 0 ? 0 : times.countUpTo(offsets.offsetAt(last)))
    this.#context.indexes.remove(this)
    this.#offsets.hold(offsets, stored.offsets)
    this.#times.hold(times, stored.times)
    this.isBroken = false
    this.#bytesSinceEntry = 0
    const lastTime = times.count - 1
    this.#maxTimestamp = lastTime < 0 ? -1n : times.timestampAt(lastTime)
    this.#lastTimestamp = this.#maxTimestamp
    this.#maxTimestampOffset = this.#baseOffset + BigInt(lastTime < 0 ? 0 : times.offsetAt(lastTime))
    return { position: last < 0 ? 0 : offsets.positionAt(last), lastOffset }
  }

  #addTime(): void {
    if (this.#maxTimestamp <= this.#lastTimestamp) return
    const offset = Number(this.#maxTimestampOffset - this.#baseOffset)
    if (offset > int32Max) return
    this.#times.tail.add(this.#maxTimestamp, offset)
    this.#lastTimestamp = this.#maxTimestamp
  }

  #readLastTimestamp(): boolean {
    const { before, path } = this.#times
    if (before === 0) return true
    const entry = Buffer.alloc(timeEntryBytes)
    const file = this.#context.files.openSync(path)
    try {
      if (file.readSync(entry, (before - 1) * timeEntryBytes) < timeEntryBytes) return false
    } catch {
      return false
    } finally {
      void file.close().catch(() => {})
    }
    const times = new TimeIndex(entry)
    if (times.soundCount() === 0) return false
    this.#maxTimestamp = times.timestampAt(0)
    this.#lastTimestamp = this.#maxTimestamp
    this.#maxTimestampOffset = this.#baseOffset + BigInt(times.offsetAt(0))
    return true
  }

  /** The files as they are, or so many entries of them. Null where there are none or not so many. */
  async #read(stored: { readonly offsets: number; readonly times: number } | null, atOnce = false): Promise<LoadedIndex | null> {
    const { files } = this.#context
    const read = (path: string) => (atOnce ? files.readSync(path) : files.read(path))
    const [offsets, times] = await Promise.all([read(this.#offsets.path), read(this.#times.path)])
    if (offsets === null || times === null) return null
    const offsetsBytes = stored === null ? offsets.length : stored.offsets * offsetEntryBytes
    const timesBytes = stored === null ? times.length : stored.times * timeEntryBytes
    if (offsets.length < offsetsBytes || times.length < timesBytes) return null
    return {
      offsets: new OffsetIndex(offsets.subarray(0, offsetsBytes)),
      times: new TimeIndex(times.subarray(0, timesBytes)),
      stored: { offsets: inFile(offsets, offsetEntryBytes), times: inFile(times, timeEntryBytes) },
      memoryBytes: offsets.length + times.length,
    }
  }

  /** Beyond what an entry can say it is compared with what one can. */
  #relative(offset: bigint): number {
    const relative = Number(offset - this.#baseOffset)
    return relative < 0 ? -1 : Math.min(relative, int32Max + 1)
  }
}

const makeOffsets = (): OffsetIndex => new OffsetIndex()
const makeTimes = (): TimeIndex => new TimeIndex()
const noneStored: InFiles = { offsets: { count: 0, isWhole: false }, times: { count: 0, isWhole: false } }
export const nothingLoaded: LoadedIndex = { offsets: makeOffsets(), times: makeTimes(), stored: noneStored, memoryBytes: 0 }

const inFile = (bytes: Buffer, entryBytes: number): InFile => ({
  count: Math.floor(bytes.length / entryBytes),
  isWhole: bytes.length % entryBytes === 0,
})

function floorIn(offsets: OffsetIndex, offset: number): number {
  const index = offsets.floor(offset)
  return index < 0 ? 0 : offsets.positionAt(index)
}

/** So many entries; null if there is no such file, or none with whole entries. */
function entriesIn(context: SegmentContext, path: string, entryBytes: number): number | null {
  const facts = context.files.factsSync(path)
  return facts === null || facts.sizeBytes % entryBytes !== 0 ? null : facts.sizeBytes / entryBytes
}
