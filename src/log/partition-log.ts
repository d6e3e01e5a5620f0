import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { Environment } from '../environment/environment.ts'
import type { PartitionId, Storage } from '../storage/storage.ts'
import type { LogConfig } from './log-config.ts'
import type { LogStartOffsets } from './log-start-offsets.ts'

export type Isolation = 'read_uncommitted' | 'read_committed'

/** Who appends: what a client may not do (control batches) a coordinator does. `apiVersion` is that of Produce. */
export type RecordsOrigin = { readonly by: 'client'; readonly apiVersion: number } | { readonly by: 'coordinator' }

/** One checked batch; whoever prepared it appends it in the same turn, or has pinned its bytes. */
export interface PreparedBatch {
  readonly records: RecordsSlice
}

export interface AppendedBatch {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  /** -1 unless the topic stamps records with LogAppendTime; a duplicate has its original's. */
  readonly logAppendTimeMs: bigint
  /** The batch was here already (same producer id, epoch and sequences): nothing was appended. */
  readonly duplicate: boolean
}

/** Answer of ListOffsets; -1 stands for what there is not. */
export interface OffsetAndTimestamp {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly leaderEpoch: number
}

/** Answer of OffsetForLeaderEpoch; (-1, -1) when the epoch is not known. */
export interface EpochEndOffset {
  readonly leaderEpoch: number
  readonly endOffset: bigint
}

/** `sync`: the high watermark is the durable end. `page-cache`: Kafka's own, weaker promise, the written end. */
export type Durability = 'sync' | 'page-cache'

export interface OpenPartitionLogOptions {
  readonly storage: Storage
  readonly id: PartitionId
  readonly config: LogConfig
  readonly leaderEpoch: number
  readonly durability: Durability
  /** producer.id.expiration.ms */
  readonly producerIdExpirationMs: number
  /** Keeps log start offsets across restarts; one for all partitions of a storage. */
  readonly logStartOffsets: LogStartOffsets
  readonly environment: Environment
}

/**
 * Kafka's rules for one partition, once, above any storage. All ends are exclusive:
 * logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ writtenEnd ≤ logEndOffset.
 */
export interface PartitionLog {
  readonly id: PartitionId
  readonly leaderEpoch: number
  readonly logStartOffset: bigint
  readonly lastStableOffset: bigint
  readonly highWatermark: bigint
  readonly writtenEnd: bigint
  readonly logEndOffset: bigint
  /** Bytes that the partition takes up, for DescribeLogDirs. */
  readonly sizeBytes: bigint

  /** Checks what the bytes themselves say, in Kafka's order. Changes no state; a promise only where records must be unpacked. Throws KafkaError. */
  prepare(records: RecordsSlice, origin: RecordsOrigin): PreparedBatch | Promise<PreparedBatch>
  /** Sync, all or nothing: checks producer state, assigns offsets in place, hands the bytes to the storage. Throws KafkaError. */
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
  /** Ends, log start, leader, failure, deletion; called at the end of the turn, never within a call. Gives the way to stop it. */
  watch(changed: () => void): () => void
  /** Throws FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH; -1 asks for no check (KIP-320). */
  checkLeaderEpoch(currentLeaderEpoch: number): void
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset
  /** Timestamps below 0 are ListOffsets' special forms. Waits until everything written on arrival is below the high watermark. */
  listOffsets(timestamp: bigint, isolation: Isolation): Promise<OffsetAndTimestamp>
  /** Moves the log start offset (-1: to the high watermark) and gives it. Throws KafkaError. */
  deleteRecords(before: bigint): Promise<bigint>
  configure(config: LogConfig): void
  /** A higher epoch; also what a failed log waits for before it takes appends again. */
  becomeLeader(leaderEpoch: number): void
  /** The leader moves: waits are rejected with NOT_LEADER_OR_FOLLOWER, appends refused until `becomeLeader`. */
  resign(): void
  /** Deletes the partition with all its bytes. */
  delete(): Promise<void>
  close(): Promise<void>
}

/** Opens or makes a partition's log; producer state and leader epochs are rebuilt from the batches that are there. */
export declare function openPartitionLog(options: OpenPartitionLogOptions): Promise<PartitionLog>
