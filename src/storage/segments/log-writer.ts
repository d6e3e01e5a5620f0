import type { RecordsSlice, Retained } from '../../../protocol/records/records-slice.ts'
import type { StorageError, StorageEvents } from '../storage.ts'
import type { Syncable } from './group-commit.ts'
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
 * Writes what one partition appends, and syncs what it has written. One write is in flight at a time; all that comes
 * meanwhile goes into the next. Each written batch is covered by the next sync, whoever waits for it.
 */
export class LogWriter implements Syncable {
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  readonly #events: StorageEvents
  readonly #unsynced = new Set<Segment>()
  #runs: Run[] = []
  #turnRequested = false
  #writing: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  #newEntries = false
  #awaited = false
  #cutting = false
  #silent = false
  #failure: { readonly error: StorageError; readonly final: boolean } | null = null
  #writtenEnd: bigint
  #durableEnd: bigint
  #checkpointEnd: bigint

  constructor(context: SegmentContext, folder: PartitionFolder, events: StorageEvents, end: bigint) {
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

  /** Below it the segments themselves are synced. */
  get checkpointEnd(): bigint {
    return this.#checkpointEnd
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
    this.#context.time.endOfTurn(() => {
      this.#turnRequested = false
      this.#flush()
    })
  }

  /** A file was made in the folder: the next sync makes its name durable too. */
  madeEntry(segment: Segment): void {
    this.#newEntries = true
    this.#unsynced.add(segment)
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
    // A sync under way has taken its segments out of the set, and may still fail.
    while (this.#syncing !== null || this.#unsynced.size > 0 || this.#newEntries) {
      await (this.#syncing ?? this.syncWritten())
      if (this.#failure !== null) throw this.#failure.error
    }
  }

  /** Before the log is cut: nothing is under way, and nothing begins before `restart`. */
  async settle(): Promise<void> {
    await this.#idle()
    this.#cutting = true
    this.#context.groupCommit.forget(this)
    await this.#syncing
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
    if (this.#failure?.final === false) this.#failure = null
    if (this.#durableEnd < end) this.#requestSync()
  }

  /** Before a file is closed and removed: no sync touches it any more. */
  async forget(segment: Segment): Promise<void> {
    this.#unsynced.delete(segment)
    await this.#syncing
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
    this.#unsynced.add(run.segment)
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

  async #sync(): Promise<void> {
    const end = this.#writtenEnd
    const segments = [...this.#unsynced]
    const newEntries = this.#newEntries
    this.#unsynced.clear()
    this.#newEntries = false
    this.#awaited = false
    try {
      if (newEntries) await this.#folder.sync()
      for (const segment of segments) await segment.file.sync()
    } catch (error) {
      this.#fail(error, true)
      return
    }
    if (this.#failure === null && end > this.#checkpointEnd) this.#checkpointEnd = end
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
