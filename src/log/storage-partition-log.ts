import { KafkaError } from '../../protocol/errors.ts'
import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { Environment } from '../environment/environment.ts'
import type { Durability, PartitionId, PartitionStorage, Storage, StorageError, StorageEvents } from '../storage/storage.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { validateBatch } from './batch-validation.ts'
import { type CleanableLog, CleanablePartition } from './cleaner/cleanable-log.ts'
import { prepareMarker } from './end-of-transaction.ts'
import type { EpochEndOffset } from './leader-epochs.ts'
import { type OffsetAndTimestamp, offsetFor } from './list-offsets.ts'
import type { LogConfig } from './log-config.ts'
import type { LogStartOffsets } from './log-start-offsets.ts'
import type { LogState } from './log-state.ts'
import { LogTail } from './log-tail.ts'
import { LogWaits } from './log-waits.ts'
import { LogWatchers } from './log-watchers.ts'
import type {
  ActiveProducer,
  AppendedBatch,
  Isolation,
  PartitionLog,
  ProducerAndEpoch,
  TransactionMarker,
  VerificationGuard,
} from './partition-log.ts'
import type { PreparedBatch, RecordsOrigin } from './prepared-batch.ts'
import { RangeChanges } from './range-changes.ts'
import { rethrowAsKafka, storageFailure } from './storage-errors.ts'

export interface StoragePartitionLogOptions {
  readonly id: PartitionId
  readonly partition: PartitionStorage
  readonly storage: Storage
  readonly state: LogState
  readonly config: LogConfig
  readonly leaderEpoch: number
  readonly logStartOffset: bigint
  readonly durability: Durability
  readonly logStartOffsets: LogStartOffsets
  readonly environment: Environment
}

/** The log of one partition, on any storage. */
export class StoragePartitionLog implements PartitionLog, StorageEvents {
  readonly id: PartitionId
  readonly #storage: Storage
  readonly #partition: PartitionStorage
  readonly #state: LogState
  readonly #byPageCache: boolean
  readonly #logStartOffsets: LogStartOffsets
  readonly #environment: Environment
  readonly #writtenWaits = new LogWaits()
  readonly #durableWaits = new LogWaits()
  readonly #watchers: LogWatchers
  readonly #tail: LogTail
  readonly #rangeChanges = new RangeChanges()
  #config: LogConfig
  #leaderEpoch: number
  #logStartOffset: bigint
  /** Why it takes no appends; null while it does. */
  #refusal: KafkaError | null = null
  /** The epoch under which it failed, once it has cut itself to what it promised. */
  #cutAtEpoch: number | null = null
  #failed = false
  #closed = false

  constructor(options: StoragePartitionLogOptions) {
    this.id = options.id
    this.#storage = options.storage
    this.#partition = options.partition
    this.#state = options.state
    this.#tail = new LogTail(options.partition, options.state)
    this.#config = options.config
    this.#byPageCache = options.durability === 'page-cache'
    this.#logStartOffsets = options.logStartOffsets
    this.#environment = options.environment
    this.#watchers = new LogWatchers(options.environment.time)
    this.#leaderEpoch = options.leaderEpoch
    this.#logStartOffset = options.logStartOffset
    this.#state.epochs.assign(options.leaderEpoch, this.logEndOffset)
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  get logStartOffset(): bigint {
    return this.#logStartOffset
  }

  get lastStableOffset(): bigint {
    const { highWatermark } = this
    const unstable = this.#state.producers.transactions.firstUnstableOffset(highWatermark)
    if (unstable === null || unstable >= highWatermark) return highWatermark
    // A transaction may have begun in what was deleted.
    if (unstable < this.#logStartOffset) return this.#logStartOffset
    return unstable
  }

  get highWatermark(): bigint {
    return this.#byPageCache ? this.#partition.writtenEnd : this.#partition.durableEnd
  }

  get writtenEnd(): bigint {
    return this.#partition.writtenEnd
  }

  get logEndOffset(): bigint {
    return this.#partition.endOffset
  }

  get sizeBytes(): bigint {
    return BigInt(this.#partition.ranges().reduce((sum, range) => sum + range.sizeBytes, 0))
  }

  get takesAppends(): boolean {
    return this.#refusal === null
  }

  get awaitsLeaderEpoch(): boolean {
    return this.#cutAtEpoch !== null
  }

  get cleanable(): CleanableLog {
    const [storage, state, rangeChanges] = [this.#partition, this.#state, this.#rangeChanges]
    return new CleanablePartition({ log: this, storage, state, rangeChanges, config: () => this.#config })
  }

  prepare(records: RecordsSlice, origin: RecordsOrigin): PreparedBatch {
    return validateBatch(records, origin, this.#config, this.#environment.time.nowMs())
  }

  beginVerification(producer: ProducerAndEpoch, baseSequence: number, epochBumps: boolean): VerificationGuard | null {
    if (this.#refusal !== null) throw this.#refusal
    return this.#state.producers.beginVerification(producer, baseSequence, epochBumps, this.#environment.time.nowMs())
  }

  append(batch: PreparedBatch, guard: VerificationGuard | 'not-required' | null = null): AppendedBatch {
    if (this.#refusal !== null) throw this.#refusal
    const nowMs = this.#environment.time.nowMs()
    const { producers } = this.#state
    const repeated = batch.producerId < 0n ? null : producers.check(batch, guard, nowMs)
    if (repeated !== null) {
      const { baseOffset, lastOffset, timestamp } = repeated
      return { baseOffset, lastOffset, logAppendTimeMs: timestamp, duplicate: true }
    }
    const added = this.#tail.add(batch, this.#leaderEpoch, this.#config, nowMs)
    if (batch.producerId >= 0n) producers.appended(batch, added.baseOffset, added.maxTimestamp, nowMs)
    return added
  }

  appendMarker(marker: TransactionMarker): AppendedBatch {
    if (this.#refusal !== null) throw this.#refusal
    const nowMs = this.#environment.time.nowMs()
    const { producers } = this.#state
    producers.checkMarker(marker, nowMs)
    const added = this.#tail.add(prepareMarker(marker, nowMs), this.#leaderEpoch, this.#config, nowMs)
    producers.markerAppended(marker, added.baseOffset, added.maxTimestamp, nowMs)
    return added
  }

  activeProducers(): readonly ActiveProducer[] {
    return this.#state.producers.active()
  }

  mayMeetAbortedTransactions(from: bigint): boolean {
    return this.#state.producers.transactions.aborted.anyFrom(from)
  }

  abortedTransactions(from: bigint, end: bigint): readonly AbortedTransaction[] {
    return this.#state.producers.transactions.aborted.within(from, end)
  }

  whenWritten(end: bigint): undefined | Promise<void> {
    if (this.writtenEnd >= end) return undefined
    return this.#refusal === null ? this.#writtenWaits.until(end) : Promise.reject(this.#refusal)
  }

  whenDurable(end: bigint): undefined | Promise<void> {
    if (this.highWatermark >= end) return undefined
    if (this.#refusal !== null) return Promise.reject(this.#refusal)
    if (!this.#byPageCache) this.#partition.durabilityAwaited()
    return this.#durableWaits.until(end)
  }

  available(from: bigint, isolation: Isolation, enoughBytes: number): number {
    const end = this.#readableEnd(isolation)
    return from >= end || from < this.#logStartOffset ? 0 : this.#partition.available(from, end, enoughBytes)
  }

  read(
    from: bigint,
    isolation: Isolation,
    maxBytes: number,
    atLeastOne: boolean,
  ): readonly Retained[] | Promise<readonly Retained[]> {
    this.#mustBeOpen()
    if (from < this.#logStartOffset || from > this.logEndOffset) {
      throw new KafkaError(
        'OFFSET_OUT_OF_RANGE',
        `Offset ${from} lies outside of the log, ${this.#logStartOffset} to ${this.logEndOffset}`,
      )
    }
    const end = this.#readableEnd(isolation)
    if (from >= end) return []
    try {
      const pieces = this.#partition.read(from, end, maxBytes, atLeastOne)
      return pieces instanceof Promise ? pieces.catch(rethrowAsKafka) : pieces
    } catch (error) {
      throw storageFailure(error)
    }
  }

  watch(changed: () => void): () => void {
    return this.#watchers.add(changed)
  }

  checkLeaderEpoch(currentLeaderEpoch: number): void {
    if (currentLeaderEpoch < 0 || currentLeaderEpoch === this.#leaderEpoch) return
    throw new KafkaError(currentLeaderEpoch < this.#leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH')
  }

  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset {
    return this.#state.epochs.endOffsetFor(leaderEpoch, this.logEndOffset)
  }

  async listOffsets(timestamp: bigint, isolation: Isolation): Promise<OffsetAndTimestamp> {
    const waiting = this.whenDurable(this.writtenEnd)
    if (waiting !== undefined) await waiting
    this.#mustBeOpen()
    const visible = {
      storage: this.#partition,
      start: this.#logStartOffset,
      end: this.#readableEnd(isolation),
      decompressedBytesMax: this.#config.maxDecompressedMessageBytes,
      startEpoch: this.#epochOfStart(),
      leaderEpoch: this.#leaderEpoch,
    }
    return await offsetFor(visible, timestamp)
  }

  async deleteRecords(before: bigint): Promise<bigint> {
    if (!this.#config.delete) {
      throw new KafkaError('POLICY_VIOLATION', 'Records of a topic without cleanup.policy delete are not deleted by request')
    }
    const { writtenEnd } = this
    const waiting = this.whenDurable(writtenEnd)
    if (waiting !== undefined) await waiting
    if (this.#refusal !== null) throw this.#refusal
    const start = before === -1n ? writtenEnd : before
    if (start < 0n || start > this.highWatermark) {
      throw new KafkaError('OFFSET_OUT_OF_RANGE', `Offset ${before} is not one of 0 to the high watermark ${this.highWatermark}`)
    }
    if (start > this.#logStartOffset) await this.#startAt(start)
    return this.#logStartOffset
  }

  configure(config: LogConfig): void {
    this.#config = config
  }

  becomeLeader(leaderEpoch: number): void {
    if (this.#closed || leaderEpoch < this.#leaderEpoch) return
    if (leaderEpoch > this.#leaderEpoch) this.#rejectWaits(new KafkaError('NOT_LEADER_OR_FOLLOWER'))
    this.#leaderEpoch = leaderEpoch
    if (this.#failed) this.#leadAfterFailure()
    else this.#lead()
    this.#watchers.changed()
  }

  resign(): void {
    if (this.#closed || this.#failed) return
    this.#refuse(new KafkaError('NOT_LEADER_OR_FOLLOWER'))
    this.#watchers.changed()
  }

  async delete(): Promise<void> {
    this.#end(new KafkaError('UNKNOWN_TOPIC_OR_PARTITION'))
    try {
      await this.#logStartOffsets.remove(this.id.topic, this.id.partition)
      await this.#storage.deletePartition(this.id)
    } catch (error) {
      throw storageFailure(error)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#end(new KafkaError('NOT_LEADER_OR_FOLLOWER'))
    try {
      // What failed is rebuilt from the batches: its files would tell of a tail that is lost.
      if (!this.#failed) await this.#state.save()
    } catch (error) {
      // On a full disk the batches that are there are closed all the same.
      await this.#partition.close().catch(() => {})
      throw storageFailure(error)
    }
    try {
      await this.#partition.close()
    } catch (error) {
      throw storageFailure(error)
    }
  }

  written(end: bigint): void {
    this.#writtenWaits.reached(end)
    if (this.#byPageCache) this.#highWatermarkMoved(end)
  }

  durable(end: bigint): void {
    if (!this.#byPageCache) this.#highWatermarkMoved(end)
  }

  failed(error: StorageError): void {
    if (this.#closed || this.#failed) return
    this.#failed = true
    this.#environment.logger.error(
      { ...this.id, kind: error.kind, reason: error.message, highWatermark: this.highWatermark, logEndOffset: this.logEndOffset },
      'The log could not be written: appends are refused, and what is not durable is cut off',
    )
    this.#refuse(new KafkaError('KAFKA_STORAGE_ERROR', error.message))
    this.#watchers.changed()
    void this.#cutToHighWatermark()
  }

  #readableEnd(isolation: Isolation): bigint {
    return isolation === 'read_committed' ? this.lastStableOffset : this.highWatermark
  }

  /** -1 where records of a format without epochs may lie before the first one that is known. */
  #epochOfStart(): number {
    const { earliest } = this.#state.epochs
    return earliest !== undefined && earliest.startOffset <= this.#logStartOffset ? earliest.epoch : -1
  }

  async #startAt(start: bigint): Promise<void> {
    this.#logStartOffset = start
    this.#state.epochs.truncateFromStart(start)
    this.#state.producers.transactions.aborted.removeBefore(start)
    this.#watchers.changed()
    try {
      await this.#logStartOffsets.save(this.id.topic, this.id.partition, start)
      await this.#deleteRangesBefore(start)
    } catch (error) {
      throw storageFailure(error)
    }
  }

  /** A cleaning that is under way gives up for it. */
  async #deleteRangesBefore(start: bigint): Promise<void> {
    const second = this.#partition.ranges()[1]
    if (second === undefined || second.baseOffset > start) return
    await this.#rangeChanges.run(async () => {
      if (!this.#closed) await this.#partition.deleteBefore(start)
    })
  }

  /** Nothing of what it promised goes, all else does; the state of producers with it, or retries would pass as duplicates. */
  async #cutToHighWatermark(): Promise<void> {
    const failedAtEpoch = this.#leaderEpoch
    try {
      await this.#partition.truncateTo(this.highWatermark)
      await this.#state.reload(this.#logStartOffset, this.#config)
    } catch (error) {
      if (this.#closed) return
      const reason = error instanceof Error ? error.message : String(error)
      this.#environment.logger.error({ ...this.id, reason }, 'The log takes no records before a restart')
      return
    }
    if (this.#closed) return
    this.#cutAtEpoch = failedAtEpoch
    this.#leadAfterFailure()
    this.#watchers.changed()
  }

  /** Only under a higher epoch than that of the lost tail can consumers notice that it is gone (KIP-320). */
  #leadAfterFailure(): void {
    if (this.#cutAtEpoch === null || this.#leaderEpoch <= this.#cutAtEpoch) return
    this.#cutAtEpoch = null
    this.#failed = false
    this.#lead()
  }

  #lead(): void {
    this.#refusal = null
    this.#state.epochs.assign(this.#leaderEpoch, this.logEndOffset)
  }

  #refuse(refusal: KafkaError): void {
    this.#refusal = refusal
    this.#rejectWaits(refusal)
  }

  #rejectWaits(error: KafkaError): void {
    this.#writtenWaits.reject(error)
    this.#durableWaits.reject(error)
  }

  #end(refusal: KafkaError): void {
    this.#closed = true
    this.#refuse(refusal)
    this.#watchers.changed()
  }

  #mustBeOpen(): void {
    if (this.#closed && this.#refusal !== null) throw this.#refusal
  }

  #highWatermarkMoved(end: bigint): void {
    this.#durableWaits.reached(end)
    this.#state.producers.transactions.seenUpTo(end)
    this.#watchers.tell()
  }
}
