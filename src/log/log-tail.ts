import { RecordBatch } from '../../protocol/records/record-batch.ts'
import type { BatchPosition, PartitionStorage } from '../storage/storage.ts'
import type { LogConfig } from './log-config.ts'
import type { LogState } from './log-state.ts'
import type { AppendedBatch } from './partition-log.ts'
import type { PreparedBatch } from './prepared-batch.ts'
import { storageFailure } from './storage-errors.ts'

/** A batch that was appended, and where it went. */
export interface AddedBatch extends AppendedBatch, BatchPosition {}

/** One for all logs: it is used within a call. */
const stamped = new RecordBatch(Buffer.alloc(0))

/** The end of a log: gives a batch its place, its epoch and its time, and hands it to the storage. */
export class LogTail {
  readonly #partition: PartitionStorage
  readonly #state: LogState

  constructor(partition: PartitionStorage, state: LogState) {
    this.#partition = partition
    this.#state = state
  }

  /** Throws KafkaError, and has added nothing then. */
  add(batch: PreparedBatch, leaderEpoch: number, config: LogConfig, nowMs: number): AddedBatch {
    const logAppendTimeMs = config.timestampType === 'LogAppendTime' ? BigInt(nowMs) : -1n
    const baseOffset = this.#partition.endOffset
    const position = {
      baseOffset,
      lastOffset: baseOffset + BigInt(batch.lastOffsetDelta),
      maxTimestamp: logAppendTimeMs >= 0n ? logAppendTimeMs : batch.maxTimestamp,
      logAppendTimeMs,
      duplicate: false,
    }
    try {
      if (this.#isFullFor(batch, position, config, nowMs)) this.#state.roll()
      this.#stamp(batch, position, leaderEpoch)
      this.#partition.append(batch.records, position)
    } catch (error) {
      throw storageFailure(error)
    }
    this.#state.added(batch.sizeBytes, position.maxTimestamp, nowMs)
    return position
  }

  #isFullFor(batch: PreparedBatch, { lastOffset, maxTimestamp }: AddedBatch, config: LogConfig, nowMs: number): boolean {
    if (this.#partition.isLastRangeFull) return true
    return this.#state.activeRange(config).isFullFor(batch.sizeBytes, lastOffset, maxTimestamp, config, nowMs)
  }

  /** In the batch's own bytes; base offset and leader epoch lie outside of its checksum. */
  #stamp(batch: PreparedBatch, { baseOffset, logAppendTimeMs }: AddedBatch, leaderEpoch: number): void {
    const header = stamped.moveTo(batch.records.view(), 0)
    header.setBaseOffset(baseOffset)
    header.setPartitionLeaderEpoch(leaderEpoch)
    if (logAppendTimeMs >= 0n) header.setLogAppendTime(logAppendTimeMs)
    else header.setMaxTimestamp(batch.maxTimestamp)
  }
}
