import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import { StorageError, type StorageEvents } from '../storage.ts'
import type { Syncable } from './group-commit.ts'
import { partBytesMax, type RoundPart, type Stretch } from './journal.ts'
import { entryHeaderBytes, type JournalLogId } from './journal-entry.ts'
import type { PartitionFolder } from './partition-folder.ts'
import type { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { storageFailure } from './storage-failure.ts'

/** Up to here a write costs less than handing it to the thread pool; beyond, a slow disk would hold up everybody. */
const syncWriteBytesMax = 256 * 1024

/** Batches of one segment that go out in one write. */
interface Run {
  readonly segment: Segment
  readonly position: number
  readonly pieces: Retained[]
  bytes: number
  end: bigint
}

/**
 * Writes what one partition appends, and makes durable what it has written: by a sync of the segments themselves, or in a
 * round of the journal, which leaves that sync for later. One write is in flight at a time; all that comes meanwhile goes
 * into the next. Each written batch is covered by the next sync or round, whoever waits for it.
 */
export class LogWriter implements Syncable {
  readonly journalId: JournalLogId
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  readonly #events: StorageEvents
  /** Segments that are not synced to their end, the oldest first; up to `durableBytes` the journal has what they lack. */
  readonly #unsynced = new Map<Segment, { durableBytes: number }>()
  #runs: Run[] = []
  #turnRequested = false
  #writing: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  /** Files made in the folder, and how many of their names are durable. */
  #entriesMade = 0
  #entriesSynced = 0
  #awaited = false
  #cutting = false
  #leavingJournal = false
  #silent = false
  #failure: { readonly error: StorageError; readonly final: boolean } | null = null
  #writtenEnd: bigint
  #durableEnd: bigint
  #checkpointEnd: bigint

  constructor(context: SegmentContext, folder: PartitionFolder, journalId: JournalLogId, events: StorageEvents, end: bigint) {
    this.journalId = journalId
    this.#context = context
    this.#folder = folder
    this.#events = events
    this.#writtenEnd = end
    this.#durableEnd = end
    this.#checkpointEnd = end
  }

  get writtenEnd(): bigint {
    return this.#writtenEnd
  }

  get durableEnd(): bigint {
    return this.#durableEnd
  }

  /** Below it the segments themselves are synced: the journal holds nothing more of it that a start would need. */
  get checkpointEnd(): bigint {
    return this.#checkpointEnd
  }

  get isDurable(): boolean {
    return this.#durableEnd >= this.#writtenEnd && this.#entriesMade === this.#entriesSynced
  }

  /** A sync failed: another may say that it is done, and the bytes be gone. */
  get needsRestart(): boolean {
    return this.#failure?.final === true
  }

  get failure(): StorageError | null {
    return this.#failure?.error ?? null
  }

  append(segment: Segment, position: number, batch: RecordsSlice, end: bigint): void {
    const retained = batch.retain()
    const last = this.#runs.at(-1)
    if (last !== undefined && last.segment === segment) {
      last.pieces.push(retained)
      last.bytes += batch.sizeBytes
      last.end = end
    } else {
      this.#runs.push({ segment, position, pieces: [retained], bytes: batch.sizeBytes, end })
    }
    this.#context.unwritten.reserve(batch.sizeBytes)
    if (this.#turnRequested || this.#writing !== null) return
    this.#turnRequested = true
    this.#context.groupCommit.writeAtEndOfTurn(this)
  }

  writeAppended(): void {
    this.#turnRequested = false
    this.#flush()
  }

  /** A file was made in the folder: the next sync makes its name durable too. */
  madeEntry(segment: Segment): void {
    this.#entriesMade++
    this.#unsynced.set(segment, { durableBytes: 0 })
  }

  durabilityAwaited(): void {
    this.#awaited = true
    if (this.#durableEnd < this.#writtenEnd) this.#requestSync()
  }

  /** Settled when all that was appended is written; rejects if that failed. */
  async drain(): Promise<void> {
    await this.#idle()
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Writes and syncs all there is; rejects if that failed. */
  async finish(): Promise<void> {
    await this.drain()
    await this.#context.groupCommit.ended(this)
    await this.#syncing
    while (this.#failure === null && (this.#unsynced.size > 0 || !this.isDurable)) await this.syncWritten()
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Syncs what is written by now in the segments themselves; rejects if that failed, or if the log was closed meanwhile. */
  async flush(): Promise<void> {
    const end = this.#writtenEnd
    while (this.#failure === null && this.#checkpointEnd < end) {
      if (this.#silent) throw new StorageError('io', `${this.#folder.path} is closed`)
      // A log that is being cut is synced by that.
      if (this.#cutting) return
      await this.#context.groupCommit.syncFiles(this)
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  /**
   * Before segments are changed or replaced: their own files get all that is durable, and what the journal says of the log
   * is void; else the next start would write it into what stands in their place. After a failed sync it is left as it is:
   * nothing else may have what stands there, and it stays true if the log keeps all below `keptEnd`.
   */
  async leaveJournal(keptEnd: bigint): Promise<void> {
    const { journal, groupCommit } = this.#context
    if (journal === null || !journal.mayHold(this)) return
    this.#leavingJournal = true
    try {
      await groupCommit.ended(this)
      await this.syncWritten()
      if (this.#failure?.final !== true) await journal.retract(this)
      else if (keptEnd < this.#durableEnd) throw this.#failure.error
    } finally {
      this.#leavingJournal = false
    }
  }

  /** After the folder was deleted: a topic of the same id must not find its bytes there. */
  async retractFromJournal(): Promise<void> {
    await this.#context.journal?.retract(this)
  }

  /** Before the log is cut: nothing is under way, and nothing begins before `restart`. */
  async settle(): Promise<void> {
    await this.#idle()
    this.#cutting = true
    this.#context.groupCommit.forget(this)
    await this.#ended()
  }

  /** The log could not be cut: what is in its files is no longer known. */
  cutFailed(error: unknown): void {
    this.#fail(error, true)
  }

  /** After the log was cut. What failed in writing is over then; what failed in syncing is not: the system may have dropped those pages. */
  restart(start: bigint, end: bigint): void {
    this.#cutting = false
    this.#writtenEnd = end
    if (this.#durableEnd > end || start === end || this.#context.durability === 'page-cache') this.#durableEnd = end
    if (this.#checkpointEnd > end || start === end) this.#checkpointEnd = end
    for (const [segment, progress] of this.#unsynced) {
      progress.durableBytes = Math.min(progress.durableBytes, segment.writtenBytes)
    }
    if (this.#failure?.final === false) this.#failure = null
    if (this.#durableEnd < end) this.#requestSync()
  }

  /** Before a file is closed and removed: no sync touches it any more. */
  async forget(segment: Segment): Promise<void> {
    this.#unsynced.delete(segment)
    await this.#ended()
  }

  /** Nothing is said any more. */
  silence(): void {
    this.#silent = true
    this.#context.groupCommit.forget(this)
  }

  /** Gives up what is not written, and waits for what is under way. */
  async abandon(): Promise<void> {
    this.silence()
    this.#dropRuns()
    await this.#writing
    await this.#ended()
  }

  async #ended(): Promise<void> {
    await this.#context.groupCommit.ended(this)
    await this.#syncing
  }

  async #idle(): Promise<void> {
    // What is done here must not be told within the caller's own call.
    await Promise.resolve()
    this.#flush()
    while (this.#writing !== null) await this.#writing
  }

  #flush(): void {
    while (this.#writing === null && this.#failure === null) {
      const run = this.#runs.shift()
      if (run === undefined) return
      const bytes = run.pieces.map((piece) => piece.bytes)
      if (run.bytes > syncWriteBytesMax) {
        this.#writing = this.#writeInPool(run, bytes)
        return
      }
      try {
        run.segment.file.writeSync(bytes, run.position)
      } catch (error) {
        this.#release(run)
        this.#fail(error, false)
        return
      }
      this.#wrote(run)
    }
  }

  async #writeInPool(run: Run, bytes: readonly Buffer[]): Promise<void> {
    try {
      await run.segment.file.write(bytes, run.position)
    } catch (error) {
      this.#writing = null
      this.#release(run)
      this.#fail(error, false)
      return
    }
    this.#writing = null
    this.#wrote(run)
    this.#flush()
  }

  #wrote(run: Run): void {
    this.#release(run)
    run.segment.wrote(run.bytes)
    if (!this.#unsynced.has(run.segment)) this.#unsynced.set(run.segment, { durableBytes: run.position })
    this.#writtenEnd = run.end
    if (this.#context.durability === 'page-cache') this.#durableEnd = run.end
    else this.#requestSync()
    if (this.#silent) return
    this.#events.written(run.end)
    if (this.#context.durability === 'page-cache') this.#events.durable(run.end)
  }

  #release(run: Run): void {
    for (const piece of run.pieces) piece.release()
    this.#context.unwritten.release(run.bytes)
  }

  #requestSync(): void {
    if (!this.#silent && !this.#cutting && this.#failure === null) this.#context.groupCommit.request(this, this.#awaited)
  }

  /** One at a time: whoever waits for `#syncing` waits for the last. */
  syncWritten(): Promise<void> {
    const syncing = (this.#syncing ?? Promise.resolve()).then(() => this.#sync())
    this.#syncing = syncing
    void syncing.then(() => {
      if (this.#syncing === syncing) this.#syncing = null
    })
    return syncing
  }

  joinRound(): RoundPart | null {
    const { durability } = this.#context
    if (durability === 'page-cache' || this.#failure !== null || this.#leavingJournal) return null
    // The journal does not know of a file whose name may be gone.
    if (this.#entriesMade !== this.#entriesSynced) return null
    const stretches: Stretch[] = []
    let bytes = 0
    for (const [segment, { durableBytes }] of this.#unsynced) {
      const newBytes = segment.writtenBytes - durableBytes
      if (newBytes === 0) continue
      const { baseOffset, file } = segment
      stretches.push({ segmentBaseOffset: baseOffset, file, position: durableBytes, bytes: newBytes })
      bytes += newBytes + entryHeaderBytes
    }
    if (stretches.length === 0 || bytes > partBytesMax) return null
    const marks = [...this.#unsynced].map(([segment, progress]) => ({ progress, bytes: segment.writtenBytes }))
    const end = this.#writtenEnd
    const becameDurable = (): void => {
      for (const mark of marks) mark.progress.durableBytes = Math.max(mark.progress.durableBytes, mark.bytes)
      this.#becameDurable(end)
    }
    this.#awaited = false
    return { log: this, stretches, bytes, end, becameDurable }
  }

  async #sync(): Promise<void> {
    // One that failed is not tried again: the system may call it a success, and the pages are gone.
    if (this.#failure?.final === true) return
    const end = this.#writtenEnd
    const entries = this.#entriesMade
    this.#awaited = false
    try {
      if (entries !== this.#entriesSynced) await this.#folder.sync()
      this.#entriesSynced = entries
      for (const [segment, progress] of [...this.#unsynced]) {
        const bytes = segment.writtenBytes
        await segment.file.sync()
        progress.durableBytes = Math.max(progress.durableBytes, bytes)
        if (segment.writtenBytes === bytes && this.#unsynced.get(segment) === progress) this.#unsynced.delete(segment)
      }
    } catch (error) {
      this.#fail(error, true)
      return
    }
    if (this.#failure === null && end > this.#checkpointEnd) this.#checkpointEnd = end
    this.#becameDurable(end)
  }

  #becameDurable(end: bigint): void {
    // Who was told of the failure cuts the log to the end that was durable then: it must not rise any more.
    if (end <= this.#durableEnd || this.#failure !== null) return
    this.#durableEnd = end
    if (!this.#silent) this.#events.durable(end)
  }

  #fail(error: unknown, final: boolean): void {
    const failure = storageFailure(error, this.#folder.path)
    if (this.#failure?.final !== true) this.#failure = { error: failure, final }
    this.#context.groupCommit.forget(this)
    this.#dropRuns()
    if (!this.#silent) this.#context.time.endOfTurn(() => this.#events.failed(failure))
  }

  #dropRuns(): void {
    for (const run of this.#runs.splice(0)) this.#release(run)
  }
}
