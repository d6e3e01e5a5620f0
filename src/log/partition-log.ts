import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { PartitionId, StorageDirectory } from '../storage/storage.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import type { CleanableLog } from './cleaner/cleanable-log.ts'
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

export interface ProducerAndEpoch {
  readonly id: bigint
  readonly epoch: number
}

/**
 * Given to whom asks the transaction coordinator if a producer's transaction holds this partition (KIP-890). The append that it is handed
 * back with may begin the transaction here; once a marker has come in between it is worth nothing, so that no transaction is left hanging.
 */
export interface VerificationGuard {
  readonly producerId: bigint
}

/** What the coordinator asks a partition to write at the end of a transaction. */
export interface TransactionMarker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly commit: boolean
  readonly coordinatorEpoch: number
  /** From 2 on each transaction ends under a higher epoch than it had (KIP-890). */
  readonly transactionVersion: number
}

/** A producer that is known here, as DescribeProducers tells of it. */
export interface ActiveProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** -1 where no batch of its epoch is known. */
  readonly lastSequence: number
  readonly lastTimestamp: bigint
  /** -1 until a coordinator has ended a transaction of it here. */
  readonly coordinatorEpoch: number
  /** -1 without an open transaction. */
  readonly currentTxnStartOffset: bigint
}

/**
 * Kafka's rules for one partition, as those above the log see them. All ends are exclusive:
 * logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ writtenEnd ≤ logEndOffset.
 */
export interface PartitionLog {
  readonly id: PartitionId
  /** Where its bytes are. */
  readonly directory: StorageDirectory
  readonly leaderEpoch: number
  readonly logStartOffset: bigint
  /** No transaction that began below it is open, nor is its marker not durable: what consumers of read_committed may see. */
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
  /** As compaction sees it. */
  readonly cleanable: CleanableLog

  /**
   * Checks what the bytes themselves say, in Kafka's order, and changes nothing. A promise only where records must be
   * unpacked elsewhere: the bytes must be pinned until then. Throws KafkaError.
   */
  prepare(records: RecordsSlice, origin: RecordsOrigin): PreparedBatch | Promise<PreparedBatch>
  /**
   * Before a transactional append, client's or coordinator's (`baseSequence` -1). Null: the producer's transaction is open here, append without a
   * guard. Else the transaction coordinator must confirm that the partition is part of it; the guard then goes with the append. `epochBumps`: the
   * request is of transaction version 2. Throws INVALID_PRODUCER_EPOCH.
   */
  beginVerification(producer: ProducerAndEpoch, baseSequence: number, epochBumps: boolean): VerificationGuard | null
  /**
   * Sync, all or nothing: checks the producer's state, assigns offsets in the batch's own bytes, hands these to the
   * storage. A transactional batch needs an open transaction of its producer here, or a guard that is still good; 'not-required' where
   * `transaction.partition.verification.enable` is off. Ask `whenWritten` and `whenDurable` in the same turn. Throws KafkaError.
   */
  append(batch: PreparedBatch, guard?: VerificationGuard | 'not-required' | null): AppendedBatch
  /**
   * Ends the producer's transaction here, if there is one; the marker is written in any case. As sync as `append`. Throws INVALID_PRODUCER_EPOCH,
   * TRANSACTION_COORDINATOR_FENCED and what `append` throws.
   */
  appendMarker(marker: TransactionMarker): AppendedBatch
  activeProducers(): readonly ActiveProducer[]
  /** Whether a read from here could meet any: where not, its end need not be known. */
  mayMeetAbortedTransactions(from: bigint): boolean
  /** The aborted transactions that overlap what was read from `from` up to `end`, by their first offset. */
  abortedTransactions(from: bigint, end: bigint): readonly AbortedTransaction[]
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
  /** Deletes the segments that the topic's settings let go, and moves the log start offset. Throws KafkaError. */
  applyRetention(): Promise<void>
  /** Leaves what a start after a crash needs, so that it reads no more than `unsavedBytesMin`. */
  checkpoint(unsavedBytesMin: number): Promise<void>
  /** With durability=page-cache: syncs what is older than `flush.ms`. */
  flushIfDue(): Promise<void>
  /** A higher epoch rejects the waits of the one before with NOT_LEADER_OR_FOLLOWER. An older one is ignored. */
  becomeLeader(leaderEpoch: number): void
  /** The leader moves: waits are rejected with NOT_LEADER_OR_FOLLOWER, appends refused until `becomeLeader`. */
  resign(): void
  /** Deletes the partition with all its bytes. */
  delete(): Promise<void>
  /** Leaves what a clean start needs, and closes the partition's storage. */
  close(): Promise<void>
}
