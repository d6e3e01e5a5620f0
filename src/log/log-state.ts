import { RecordBatch } from '../../protocol/records/record-batch.ts'
import type { Environment } from '../environment/environment.ts'
import type { Durability, PartitionStorage, StorageRange } from '../storage/storage.ts'
import { ActiveRange } from './active-range.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { encodeProducerSnapshot } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { replayBatch } from './replay-batch.ts'
import { type CapturedState, StateFiles } from './state-files.ts'
import type { UnsavedBytes } from './unsaved-bytes.ts'

/** As many batches read at a start are worth a snapshot at once: the next start may be as sudden. */
const manyBatches = 10_000
/** States that wait to be saved; an older one is worth little then. */
const waitingMax = 8

export interface LogStateOptions {
  /** `producer.id.expiration.ms` */
  readonly producerIdExpirationMs: number
  readonly durability: Durability
  /** One for all logs. */
  readonly unsaved: UnsavedBytes
  readonly environment: Environment
}

/**
 * What a log knows of its own batches without reading them: producers, leader epochs, the range that takes the appends. It comes from the
 * files that a roll, a checkpoint or a stop left, and from the headers of the batches behind the newest of them.
 */
export class LogState {
  epochs: LeaderEpochs
  /** Appended since the state was last saved: what a start would have to walk. */
  unsavedBytes = 0
  /** 0 where nothing was appended since the start. */
  lastAppendMs = 0
  readonly #storage: PartitionStorage
  readonly #environment: Environment
  readonly #producerIdExpirationMs: number
  readonly #byPageCache: boolean
  readonly #unsaved: UnsavedBytes
  readonly #files: StateFiles
  /** Null: nobody with a producer id ever wrote here, as in most partitions. */
  #producers: ProducerState | null = null
  #active: ActiveRange | null = null
  /** Up to here the indexes on the disk hold all that was aborted. */
  #indexedEnd = 0n
  #saveFailed = false
  /** Taken where not all below was durable yet: after a loss of power it would tell of batches that are gone, and their retries be lost as duplicates. */
  #waiting: readonly CapturedState[] = noStates

  private constructor(
    storage: PartitionStorage,
    { producerIdExpirationMs, durability, unsaved, environment }: LogStateOptions,
    files: StateFiles,
    epochs: LeaderEpochs,
  ) {
    this.#storage = storage
    this.#environment = environment
    this.#producerIdExpirationMs = producerIdExpirationMs
    this.#byPageCache = durability === 'page-cache'
    this.#unsaved = unsaved
    this.#files = files
    this.epochs = epochs
  }

  static async load(storage: PartitionStorage, logStartOffset: bigint, options: LogStateOptions): Promise<LogState> {
    const files = await StateFiles.find(storage.checkpoints)
    const state = new LogState(storage, options, files, await files.loadEpochs())
    if (storage.endOffset > 0n || !files.isEmpty) await state.reload(logStartOffset)
    return state
  }

  /** Null while there are none. */
  get knownProducers(): ProducerState | null {
    return this.#producers
  }

  get producers(): ProducerState {
    this.#producers ??= new ProducerState(this.#producerIdExpirationMs)
    return this.#producers
  }

  /** The range that takes the appends. */
  activeRange(config: LogConfig): ActiveRange {
    if (this.#active === null) {
      const range = this.#storage.ranges().at(-1)!
      this.#active = new ActiveRange(range, this.#storage.firstTimestampOfLastRange(), this.#jitterMs(config))
    }
    return this.#active
  }

  /** The log lost its tail, or was opened: what was known of the tail goes, so that the retry of a lost batch is no duplicate. */
  async reload(logStartOffset: bigint): Promise<void> {
    const { startOffset, endOffset } = this.#storage
    await this.#files.settled()
    const wasCut = await this.#files.removeSnapshotsOutside(startOffset, endOffset)
    this.epochs.truncateFromEnd(endOffset)
    this.#active = null
    this.#waiting = noStates
    // Readers go on by what was known before: until all is known, nothing more is stable than that.
    const { producers, walked } = await this.#rebuild()
    this.epochs.truncateFromStart(logStartOffset)
    producers?.transactions.aborted.removeBefore(logStartOffset)
    this.#producers = producers
    // Written at once, and its folder synced: a snapshot of the lost tail must not come back behind what is appended now.
    if (wasCut) await this.#saveOrSay(this.#capture(true))
    else if (walked >= manyBatches) void this.checkpoint()
  }

  /** From the newest sound snapshot on; without one, from where the storage begins: batches below the log start offset tell of their producers, too. */
  async #rebuild(): Promise<{ readonly producers: ProducerState | null; readonly walked: number }> {
    const { startOffset, endOffset } = this.#storage
    const nowMs = this.#environment.time.nowMs()
    const ranges = this.#storage.ranges()
    const verifications = this.#producers?.verifications
    for (let atMost = endOffset; ; ) {
      const snapshot = await this.#files.loadSnapshot(atMost, nowMs)
      const from = snapshot?.offset ?? startOffset
      const producers = new ProducerState(this.#producerIdExpirationMs, verifications)
      const { broken, stale } = await this.#files.loadAborted(producers.transactions.aborted, ranges, from)
      if (broken !== null) {
        // All behind the beginning of that segment is looked at again.
        atMost = broken
        continue
      }
      this.#indexedEnd = stale ?? from
      if (snapshot !== null) producers.restore(snapshot.producers, nowMs)
      const walked = await this.#walk(from, producers, snapshot === null && startOffset > 0n, nowMs)
      return { producers: producers.isEmpty && verifications === undefined ? null : producers, walked }
    }
  }

  async #walk(from: bigint, producers: ProducerState, isTail: boolean, nowMs: number): Promise<number> {
    if (from >= this.#storage.endOffset) return 0
    let walked = 0
    const batch = new RecordBatch(noBytes)
    await this.#storage.walkHeaders(from, (header) => {
      batch.moveTo(header, 0)
      walked += 1
      replayBatch(batch, producers, isTail, nowMs)
      producers.transactions.seenUpTo(this.#storage.durableEnd)
      if (batch.partitionLeaderEpoch >= 0) this.#found(batch)
      return false
    })
    return walked
  }

  /** Before the log is closed: what a clean start needs, here and in Kafka, which opens a log that was stopped cleanly by these files alone. */
  async save(): Promise<void> {
    await this.#files.settled()
    await this.#files.save(this.#capture(false))
    await this.#files.prune(this.#storage.ranges(), this.#storage.endOffset)
  }

  /** Nothing is saved from now on. Settled when nothing is under way. */
  close(): Promise<void> {
    return this.#files.close()
  }

  /**
   * Saves what is known now, once all of it is durable, without holding anything up. Settled when it waits for that, is saved, or could not be
   * saved: then the next start reads more.
   */
  async checkpoint(): Promise<void> {
    const { endOffset } = this.#storage
    if (this.#files.newestSnapshot === endOffset || this.#waiting.at(-1)?.offset === endOffset) return
    const captured = this.#capture(false)
    if (this.#isSafe(captured)) await this.#saveOrSay(captured)
    else this.#waiting = [...this.#waiting.slice(1 - waitingMax), captured]
  }

  /** More of the log is durable than before. */
  becameSafe(): void {
    for (let [first] = this.#waiting; first !== undefined && this.#isSafe(first); [first] = this.#waiting) {
      this.#waiting = this.#waiting.length === 1 ? noStates : this.#waiting.slice(1)
      void this.#saveOrSay(first)
    }
  }

  /** Settled when what was to be saved is. */
  settled(): Promise<void> {
    return this.#files.settled()
  }

  /** Starts a new range, once the active one is full. As in Kafka a snapshot stands where each range begins. */
  roll(): void {
    this.#storage.roll()
    this.#active = null
    void this.checkpoint()
  }

  /** A batch was appended to the active range. */
  added(sizeBytes: number, maxTimestamp: bigint, nowMs: number): void {
    this.unsavedBytes += sizeBytes
    this.#unsaved.added(sizeBytes)
    this.lastAppendMs = nowMs
    this.#active?.added(sizeBytes, maxTimestamp)
  }

  /** The log begins later: what told of the part that is gone goes. */
  startsAt(logStartOffset: bigint): void {
    this.epochs.truncateFromStart(logStartOffset)
    this.#producers?.transactions.aborted.removeBefore(logStartOffset)
  }

  /** The storage has dropped ranges. */
  async rangesDropped(): Promise<void> {
    await this.#quietly(() => this.#files.prune(this.#storage.ranges(), this.#storage.durableEnd))
  }

  /** Before the ranges between two offsets become one: its index has what theirs have, so that a crash in between shows nobody aborted records. */
  async rangesAreReplaced(from: bigint, end: bigint): Promise<void> {
    const bytes = this.#producers?.transactions.aborted.encode(from, end) ?? noBytes
    await this.#files.save({ offset: end, snapshot: null, epochs: null, indexes: [{ base: from, bytes }] })
  }

  /** A range was put in the place of others: of those that were aborted there, what is known now is all that is left. */
  async rangesReplaced(from: bigint): Promise<void> {
    const end = this.#storage.ranges().find((range) => range.baseOffset === from)?.endOffset
    if (end !== undefined) await this.rangesAreReplaced(from, end)
    await this.rangesDropped()
  }

  #isSafe({ offset }: CapturedState): boolean {
    return offset <= (this.#byPageCache ? this.#storage.writtenEnd : this.#storage.durableEnd)
  }

  #capture(withEpochs: boolean): CapturedState {
    this.unsavedBytes = 0
    const { endOffset: offset } = this.#storage
    const isSnapshotThere = offset === 0n || this.#files.newestSnapshot === offset
    return {
      offset,
      snapshot: isSnapshotThere ? null : encodeProducerSnapshot(this.#producers),
      // After a failure files may have been removed in a folder that is not synced since.
      epochs: withEpochs || this.#saveFailed || this.epochs.mustBeSaved(offset) ? this.epochs : null,
      indexes: this.#changedIndexes(offset),
    }
  }

  #changedIndexes(end: bigint): { readonly base: bigint; readonly bytes: Buffer }[] {
    const from = this.#indexedEnd
    if (from >= end) return []
    return this.#storage
      .ranges()
      .filter((range) => range.endOffset > from)
      .map((range: StorageRange) => ({
        base: range.baseOffset,
        bytes: this.#producers?.transactions.aborted.encode(range.baseOffset, range.endOffset) ?? noBytes,
      }))
  }

  async #saveOrSay(captured: CapturedState): Promise<void> {
    const saved = await this.#quietly(async () => {
      await this.#files.save(captured)
      if (captured.offset > this.#indexedEnd) this.#indexedEnd = captured.offset
      await this.#files.prune(this.#storage.ranges(), this.#storage.durableEnd)
    })
    if (!saved) this.unsavedBytes = Number.MAX_SAFE_INTEGER
  }

  /** Says once that it fails. */
  async #quietly(run: () => Promise<void>): Promise<boolean> {
    try {
      await run()
      this.#saveFailed = false
      return true
    } catch (error) {
      if (!this.#saveFailed) this.#sayNotSaved(error)
      this.#saveFailed = true
      return false
    }
  }

  #sayNotSaved(error: unknown): void {
    this.#environment.logger.warn(
      { err: error },
      'What a log knows of its producers could not be saved. Nothing is lost by that, but after a crash the next start reads more.',
    )
  }

  /** A checkpoint that is older than a batch lacks its epoch; one that is newer knows of epochs without batches. */
  #found(batch: RecordBatch): void {
    const { partitionLeaderEpoch: epoch } = batch
    const { latest } = this.epochs
    if (latest === undefined || epoch > latest.epoch) this.epochs.assign(epoch, batch.baseOffset)
  }

  #jitterMs(config: LogConfig): number {
    const most = Math.min(config.segmentJitterMs, config.segmentMs)
    return most <= 0 ? 0 : Math.floor((this.#environment.random.bytes(4).readUInt32BE() / 2 ** 32) * most)
  }
}

const noBytes = Buffer.alloc(0)
const noStates: readonly CapturedState[] = []
