import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { PartitionId } from '../storage/storage.ts'
import type { EpochEndOffset } from './leader-epochs.ts'
import type { OffsetAndTimestamp } from './list-offsets.ts'
import type { LogConfig } from './log-config.ts'
import type { PreparedBatch, RecordsOrigin } from './prepared-batch.ts'

export type Isolation = 'read_uncommitted' | 'read_committed'

export interface AppendedBatch {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  /** -1 unless the topic stamps records with LogAppendTime. A duplicate has the time of the batch that it repeats, as in Kafka. */
  readonly logAppendTimeMs: bigint
  /** The batch was here already (same producer id, epoch and sequences): nothing was appended. */
  readonly duplicate: boolean
}

/**
 * Kafka's rules for one partition, as those above the log see them. All ends are exclusive:
 * logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ writtenEnd ≤ logEndOffset.
 */
export interface PartitionLog {
  readonly id: PartitionId
  readonly leaderEpoch: number
  readonly logStartOffset: bigint
  readonly lastStableOffset: bigint
  /** What is durable; with durability=page-cache what is written. */
  readonly highWatermark: bigint
  readonly writtenEnd: bigint
  readonly logEndOffset: bigint
  /** Bytes that the partition takes up, for DescribeLogDirs. */
  readonly sizeBytes: bigint
  /** False while it has failed or has no leader. An append may be refused all the same, for want of room. */
  readonly takesAppends: boolean
  /** It failed and has cut itself to the high watermark: `becomeLeader` with a higher epoch opens it for appends again. */
  readonly awaitsLeaderEpoch: boolean

  /**
   * Checks what the bytes themselves say, in Kafka's order, and changes nothing. A promise only where records must be
   * unpacked elsewhere: the bytes must be pinned until then. Throws KafkaError.
   */
  prepare(records: RecordsSlice, origin: RecordsOrigin): PreparedBatch | Promise<PreparedBatch>
  /**
   * Sync, all or nothing: checks the producer's state, assigns offsets in the batch's own bytes, hands these to the
   * storage. Ask `whenWritten` and `whenDurable` in the same turn. Throws KafkaError.
   */
  append(batch: PreparedBatch): AppendedBatch
  /** acks=1. Undefined: so already. Rejects with KAFKA_STORAGE_ERROR or NOT_LEADER_OR_FOLLOWER. */
  whenWritten(end: bigint): undefined | Promise<void>
  /** acks=all: the high watermark has reached `end`. Undefined: so already. Rejects as `whenWritten` does. */
  whenDurable(end: bigint): undefined | Promise<void>
  /** Sync, no I/O: how many bytes a read from here could give now, counted until there are `enoughBytes`. */
  available(from: bigint, isolation: Isolation, enoughBytes: number): number
  /** Whole batches from the one that contains `from`. Throws OFFSET_OUT_OF_RANGE; empty at the end. The caller releases the pieces. */
  read(
    from: bigint,
    isolation: Isolation,
    maxBytes: number,
    atLeastOne: boolean,
  ): readonly Retained[] | Promise<readonly Retained[]>
  /** High watermark, log start, leader, failure, deletion; called at the end of the turn, never within a call. Gives the way to stop it. */
  watch(changed: () => void): () => void
  /** Throws FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH; -1 asks for no check (KIP-320). */
  checkLeaderEpoch(currentLeaderEpoch: number): void
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset
  /**
   * Timestamps below 0 are ListOffsets' special forms. Waits until everything that was written when it was asked is below
   * the high watermark.
   */
  listOffsets(timestamp: bigint, isolation: Isolation): Promise<OffsetAndTimestamp>
  /** Moves the log start offset (-1: to the high watermark) and gives it. Throws KafkaError. */
  deleteRecords(before: bigint): Promise<bigint>
  configure(config: LogConfig): void
  /** A higher epoch rejects the waits of the one before with NOT_LEADER_OR_FOLLOWER. An older one is ignored. */
  becomeLeader(leaderEpoch: number): void
  /** The leader moves: waits are rejected with NOT_LEADER_OR_FOLLOWER, appends refused until `becomeLeader`. */
  resign(): void
  /** Deletes the partition with all its bytes. */
  delete(): Promise<void>
  /** Leaves what a clean start needs, and closes the partition's storage. */
  close(): Promise<void>
}
