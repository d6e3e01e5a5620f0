import { RecordBatch } from '../../protocol/records/record-batch.ts'
import type { Environment } from '../environment/environment.ts'
import type { PartitionStorage } from '../storage/storage.ts'
import { ActiveRange } from './active-range.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { restoreProducerSnapshot, saveProducerSnapshot } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { replayBatch } from './replay-batch.ts'
import { saveTransactionIndexes } from './transaction-indexes.ts'
import { Verifications } from './verification.ts'

const epochsFile = 'leader-epoch-checkpoint'

/** What a log knows of its own batches without reading them: producers, leader epochs, the range that takes the appends. */
export class LogState {
  producers: ProducerState
  epochs = new LeaderEpochs()
  active: ActiveRange
  readonly #storage: PartitionStorage
  readonly #environment: Environment
  readonly #producerIdExpirationMs: number
  readonly #verifications: Verifications

  private constructor(storage: PartitionStorage, producerIdExpirationMs: number, config: LogConfig, environment: Environment) {
    this.#storage = storage
    this.#environment = environment
    this.#producerIdExpirationMs = producerIdExpirationMs
    this.#verifications = new Verifications(producerIdExpirationMs)
    this.producers = new ProducerState(producerIdExpirationMs, this.#verifications)
    this.active = this.#lastRange(config)
  }

  /** From the files that a clean stop left, and from the headers of all batches, which know better. */
  static async load(
    storage: PartitionStorage,
    logStartOffset: bigint,
    producerIdExpirationMs: number,
    config: LogConfig,
    environment: Environment,
  ): Promise<LogState> {
    const state = new LogState(storage, producerIdExpirationMs, config, environment)
    const checkpoint = await storage.checkpoints.load(epochsFile)
    state.epochs = (checkpoint === null ? null : LeaderEpochs.decode(checkpoint)) ?? new LeaderEpochs()
    await state.reload(logStartOffset, config)
    return state
  }

  /** The log lost its tail, or was opened: all is read again, so that the retry of a lost batch is no duplicate. */
  async reload(logStartOffset: bigint, config: LogConfig): Promise<void> {
    const { startOffset, endOffset } = this.#storage
    const nowMs = this.#environment.time.nowMs()
    // Readers go on meanwhile: until all is known, nothing more is stable than before.
    const producers = new ProducerState(this.#producerIdExpirationMs, this.#verifications)
    this.epochs.truncateFromEnd(endOffset)
    this.active = this.#lastRange(config)
    const batch = new RecordBatch(Buffer.alloc(0))
    // From where the storage begins: batches below the log start offset still tell what their producers did last.
    for await (const header of this.#storage.headers(startOffset)) {
      batch.moveTo(header, 0)
      replayBatch(batch, producers, startOffset > 0n, nowMs)
      producers.transactions.seenUpTo(this.#storage.durableEnd)
      if (batch.partitionLeaderEpoch >= 0) this.#found(batch)
      if (batch.baseOffset >= this.active.baseOffset) this.active.found(batch.maxTimestamp)
    }
    this.epochs.truncateFromStart(logStartOffset)
    await restoreProducerSnapshot(this.#storage.checkpoints, producers, { startOffset, endOffset }, nowMs)
    producers.transactions.aborted.removeBefore(logStartOffset)
    this.producers = producers
  }

  /** Kafka opens a directory that was stopped cleanly by these files alone. */
  async save(): Promise<void> {
    const { checkpoints, endOffset } = this.#storage
    await checkpoints.save(epochsFile, this.epochs.encode())
    await saveProducerSnapshot(checkpoints, this.producers, endOffset)
    await saveTransactionIndexes(checkpoints, this.producers.transactions.aborted, this.#storage.ranges())
  }

  /** Starts a new range, once the active one is full. */
  roll(config: LogConfig): void {
    this.#storage.roll()
    this.active = this.#lastRange(config)
  }

  /** A checkpoint that is older than a batch lacks its epoch; one that is newer knows of epochs without batches. */
  #found(batch: RecordBatch): void {
    const { partitionLeaderEpoch: epoch } = batch
    const { latest } = this.epochs
    if (latest === undefined || epoch > latest.epoch) this.epochs.assign(epoch, batch.baseOffset)
  }

  #lastRange(config: LogConfig): ActiveRange {
    return new ActiveRange(this.#storage.ranges().at(-1)!, this.#jitterMs(config))
  }

  #jitterMs(config: LogConfig): number {
    const most = Math.min(config.segmentJitterMs, config.segmentMs)
    return most <= 0 ? 0 : Math.floor((this.#environment.random.bytes(4).readUInt32BE() / 2 ** 32) * most)
  }
}
