import { RecordBatch } from '../../protocol/records/record-batch.ts'
import type { BatchPosition, PartitionStorage } from '../storage/storage.ts'
import type { LogConfig } from './log-config.ts'
import type { LogState } from './log-state.ts'
import type { AppendedBatch } from './partition-log.ts'
import type { PreparedBatch } from './prepared-batch.ts'
import { storageFailure } from './storage-errors.ts'

/** A batch that was appended, and where it went. */
export interface AddedBatch extends AppendedBatch, BatchPosition {}

/** The end of a log: gives a batch its place, its epoch and its time, and hands it to the storage. */
export class LogTail {
  readonly #partition: PartitionStorage
  readonly #state: LogState
  readonly #header = new RecordBatch(Buffer.alloc(0))

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
    const { active } = this.#state
    try {
      if (active.isFullFor(batch.sizeBytes, position.lastOffset, position.maxTimestamp, config, nowMs)) this.#state.roll(config)
      this.#stamp(batch, position, leaderEpoch)
      this.#partition.append(batch.records, position)
    } catch (error) {
      throw storageFailure(error)
    }
    this.#state.active.added(batch.sizeBytes, position.maxTimestamp)
    return position
  }

  /** In the batch's own bytes; base offset and leader epoch lie outside of its checksum. */
  #stamp(batch: PreparedBatch, { baseOffset, logAppendTimeMs }: AddedBatch, leaderEpoch: number): void {
    const header = this.#header.moveTo(batch.records.view(), 0)
    header.setBaseOffset(baseOffset)
    header.setPartitionLeaderEpoch(leaderEpoch)
    if (logAppendTimeMs >= 0n) header.setLogAppendTime(logAppendTimeMs)
    else header.setMaxTimestamp(batch.maxTimestamp)
  }
}
