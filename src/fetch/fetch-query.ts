import type { KafkaError } from '../../protocol/errors.ts'
import type { RecordsSlice } from '../../protocol/records/records-slice.ts'
import type { AbortedTransaction } from '../log/aborted-transactions.ts'
import type { Isolation, PartitionLog } from '../log/partition-log.ts'

/** A topic as the request named it: by name up to version 12, by id from 13 on. */
export type FetchTopic = { readonly name: string } | { readonly id: string }

/** A partition that a client wants to read. */
export interface FetchPartition {
  readonly topic: FetchTopic
  readonly partition: number
  readonly fetchOffset: bigint
  readonly maxBytes: number
  /** -1: no check (KIP-320). */
  readonly currentLeaderEpoch: number
  /** -1: unknown. Else the epoch of the last record that the client has (KIP-595). */
  readonly lastFetchedEpoch: number
}

/** What of a Fetch is about waiting and sizes. */
export interface FetchLimits {
  readonly isolation: Isolation
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
}

/** Finds the log to read, or throws the KafkaError that the partition is answered with. */
export type FindLog = (topic: FetchTopic, partition: number, currentLeaderEpoch: number) => PartitionLog

/** What a partition is answered with. */
export interface FetchedPartition {
  readonly topic: FetchTopic
  readonly partition: number
  readonly error: KafkaError | null
  /** -1 with an error. */
  readonly highWatermark: bigint
  readonly lastStableOffset: bigint
  readonly logStartOffset: bigint
  /** Where the client's log parts from ours; the client truncates. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: bigint } | null
  /** What a reader of committed records has to leave out of these; null for any other. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  readonly records: RecordsSlice
}

export const topicKey = (topic: FetchTopic): string => ('id' in topic ? topic.id : topic.name)

/** One string for each partition, as a key of maps. A topic's name holds no slash. */
export const partitionKey = (topic: FetchTopic, partition: number): string => `${topicKey(topic)}/${partition}`
