import { KafkaError } from '../../protocol/errors.ts'
import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { Environment } from '../environment/environment.ts'
import type {
  Durability,
  PartitionId,
  PartitionStorage,
  Storage,
  StorageDirectory,
  StorageError,
  StorageEvents,
} from '../storage/storage.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { validateBatch } from './batch-validation.ts'
import { type CleanableLog, CleanablePartition } from './cleaner/cleanable-log.ts'
import type { CleanerOffsets } from './cleaner/cleaner-offsets.ts'
import { prepareMarker } from './end-of-transaction.ts'
import type { EpochEndOffset } from './leader-epochs.ts'
import type { OffsetAndTimestamp } from './list-offsets.ts'
import { type LogConfig, rangeOptionsOf } from './log-config.ts'
import { LogEnds } from './log-ends.ts'
import { LogRetention } from './log-retention.ts'
import { LogStart } from './log-start.ts'
import type { LogStartOffsets } from './log-start-offsets.ts'
import type { LogState } from './log-state.ts'
import { type AddedBatch, LogTail } from './log-tail.ts'
import { LogView } from './log-view.ts'
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
import { adviceOn, rethrowAsKafka, storageFailure } from './storage-errors.ts'

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
  readonly cleanerOffsets: CleanerOffsets
  readonly environment: Environment
}

/** The log of one partition, on any storage. */
export class StoragePartitionLog implements PartitionLog, StorageEvents {
  readonly id: PartitionId
  readonly #storage: Storage
  readonly #partition: PartitionStorage
  readonly #state: LogState
  readonly #ends: LogEnds
  readonly #start: LogStart
  readonly #view: LogView
  readonly #environment: Environment
  readonly #watchers: LogWatchers
  readonly #tail: LogTail
  readonly #cleanerOffsets: CleanerOffsets
  #config: LogConfig
  #leaderEpoch: number
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
    this.#cleanerOffsets = options.cleanerOffsets
    this.#ends = new LogEnds({
      partition: options.partition,
      durability: options.durability,
      nowMs: options.environment.time.nowMs(),
      opened: () => this.#highWatermarkMoved(),
      flushFailed: (error) => this.failed(error),
    })
    this.#environment = options.environment
    this.#watchers = new LogWatchers(options.environment.time)
    this.#leaderEpoch = options.leaderEpoch
    const { id, partition: storage, state, logStartOffset: offset, logStartOffsets } = options
    this.#start = new LogStart({ id, storage, state, offset, logStartOffsets, watchers: this.#watchers })
    this.#view = new LogView(options.partition, options.state, this.#start, this.#ends)
    this.#state.epochs.assign(options.leaderEpoch, this.logEndOffset)
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  get logStartOffset(): bigint {
    return this.#start.offset
  }

  get lastStableOffset(): bigint {
    return this.#view.lastStableOffset
  }

  get highWatermark(): bigint {
    return this.#ends.highWatermark
  }

  get writtenEnd(): bigint {
    return this.#partition.writtenEnd
  }

  get logEndOffset(): bigint {
    return this.#partition.endOffset
  }

  get directory(): StorageDirectory {
    return this.#partition.directory
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
    const [storage, state, rangeChanges] = [this.#partition, this.#state, this.#start.rangeChanges]
    const cleanerOffsets = this.#cleanerOffsets
    return new CleanablePartition({ log: this, storage, state, rangeChanges, cleanerOffsets, config: () => this.#config })
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
    const producers = batch.producerId < 0n ? null : this.#state.producers
    const repeated = producers === null ? null : producers.check(batch, guard, nowMs)
    if (repeated !== null) {
      const { baseOffset, lastOffset, timestamp } = repeated
      return { baseOffset, lastOffset, logAppendTimeMs: timestamp, duplicate: true }
    }
    const added = this.#add(batch, nowMs)
    if (producers !== null) producers.appended(batch, added.baseOffset, added.maxTimestamp, nowMs)
    return added
  }

  appendMarker(marker: TransactionMarker): AppendedBatch {
    if (this.#refusal !== null) throw this.#refusal
    const nowMs = this.#environment.time.nowMs()
    const { producers } = this.#state
    producers.checkMarker(marker, nowMs)
    const added = this.#add(prepareMarker(marker, nowMs), nowMs)
    producers.markerAppended(marker, added.baseOffset, added.maxTimestamp, nowMs)
    return added
  }

  activeProducers(): readonly ActiveProducer[] {
    return this.#state.knownProducers?.active() ?? []
  }

  mayMeetAbortedTransactions(from: bigint): boolean {
    return this.#state.knownProducers?.transactions.aborted.anyFrom(from) ?? false
  }

  abortedTransactions(from: bigint, end: bigint): readonly AbortedTransaction[] {
    return this.#state.knownProducers?.transactions.aborted.within(from, end) ?? []
  }

  whenWritten(end: bigint): undefined | Promise<void> {
    return this.#ends.whenWritten(end, this.#refusal)
  }

  whenDurable(end: bigint): undefined | Promise<void> {
    return this.#ends.whenDurable(end, this.#refusal)
  }

  available(from: bigint, isolation: Isolation, enoughBytes: number): number {
    return this.#view.available(from, isolation, enoughBytes)
  }

  read(
    from: bigint,
    isolation: Isolation,
    maxBytes: number,
    atLeastOne: boolean,
  ): readonly Retained[] | Promise<readonly Retained[]> {
    this.#mustBeOpen()
    return this.#view.read(from, isolation, maxBytes, atLeastOne)
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
    return await this.#view.offsetFor(timestamp, isolation, this.#leaderEpoch, this.#config.maxDecompressedMessageBytes)
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
    if (start > this.#start.offset) await this.#start.moveTo(start).catch(rethrowAsKafka)
    return this.#start.offset
  }

  configure(config: LogConfig): void {
    this.#config = config
    this.#partition.configure(rangeOptionsOf(config))
  }

  async applyRetention(): Promise<void> {
    const [storage, state, start, environment] = [this.#partition, this.#state, this.#start, this.#environment]
    const retention = new LogRetention({ log: this, storage, state, start, environment, config: () => this.#config })
    await retention.apply().catch(rethrowAsKafka)
  }

  async checkpoint(unsavedBytesMin: number): Promise<void> {
    if (this.#refusal === null && this.#state.unsavedBytes >= unsavedBytesMin) await this.#state.checkpoint()
  }

  async flushIfDue(): Promise<void> {
    if (this.#refusal === null) await this.#ends.flushIfDue(this.#config, this.#environment.time.nowMs())
  }

  becomeLeader(leaderEpoch: number): void {
    if (this.#closed || leaderEpoch < this.#leaderEpoch) return
    if (leaderEpoch > this.#leaderEpoch) this.#ends.reject(new KafkaError('NOT_LEADER_OR_FOLLOWER'))
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
      // What came later would lie in the folder of the topic that is next made under the name.
      await this.#state.close()
      await this.#start.forget()
      await this.#cleanerOffsets.remove(this.id.topic, this.id.partition)
      await this.#storage.deletePartition(this.id)
    } catch (error) {
      throw storageFailure(error)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#end(new KafkaError('NOT_LEADER_OR_FOLLOWER'))
    try {
      // What failed is rebuilt from the batches: its files would tell of a tail that is lost. So would those of a tail that still may be.
      if (!this.#failed) {
        await this.#ends.whenDurable(this.logEndOffset, null)
        await this.#state.save()
      }
      await this.#state.close()
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

  written(): void {
    if (this.#ends.written()) this.#highWatermarkMoved()
  }

  durable(): void {
    if (this.#ends.durable()) this.#highWatermarkMoved()
  }

  failed(error: StorageError): void {
    if (this.#closed) this.#ends.reject(new KafkaError('KAFKA_STORAGE_ERROR', error.message))
    if (this.#closed || this.#failed) return
    this.#failed = true
    this.#environment.logger.error(
      { ...this.id, kind: error.kind, highWatermark: this.highWatermark, logEndOffset: this.logEndOffset },
      `${error.message}. Records are refused, and those that are not durable cut off. ${adviceOn(error)}`,
    )
    this.#refuse(new KafkaError('KAFKA_STORAGE_ERROR', error.message))
    this.#watchers.changed()
    void this.#cutToHighWatermark()
  }

  /** Nothing of what it promised goes, all else does; the state of producers with it, or retries would pass as duplicates. */
  async #cutToHighWatermark(): Promise<void> {
    const failedAtEpoch = this.#leaderEpoch
    try {
      await this.#partition.truncateTo(this.highWatermark)
      this.#ends.cut()
      await this.#state.reload(this.#start.offset)
    } catch (error) {
      if (this.#closed) return
      const reason = error instanceof Error ? error.message : String(error)
      this.#environment.logger.error(
        this.id,
        `The log takes no records before a restart: ${reason}. See to the disk first; what was acknowledged is there, and can be read.`,
      )
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
    this.#ends.reject(refusal)
  }

  #end(refusal: KafkaError): void {
    this.#closed = true
    this.#start.close()
    this.#refuse(refusal)
    this.#watchers.changed()
  }

  #mustBeOpen(): void {
    if (this.#closed && this.#refusal !== null) throw this.#refusal
  }

  #highWatermarkMoved(): void {
    this.#ends.reachedHighWatermark()
    this.#state.becameSafe()
    this.#state.knownProducers?.transactions.seenUpTo(this.highWatermark)
    this.#watchers.tell()
  }

  #add(batch: PreparedBatch, nowMs: number): AddedBatch {
    const added = this.#tail.add(batch, this.#leaderEpoch, this.#config, nowMs)
    this.#ends.appended(added.baseOffset, added.lastOffset, this.#config, nowMs)
    return added
  }
}
