import type { BrokerConfig } from '../config/broker-config.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { UnsavedBytes } from '../log/unsaved-bytes.ts'
import type { StorageDirectory } from '../storage/storage.ts'
import type { MetadataDelta } from './metadata-delta.ts'
import type { Endpoint, MetadataImage, TopicReference } from './metadata-image.ts'
import type { MetadataRecord } from './metadata-record.ts'

/** What a decision over the image gives: the records that bring it about, and what to answer once they are durable. */
export interface Decision<T> {
  readonly records: readonly MetadataRecord[]
  readonly result: T
}

/**
 * The agreed state of the cluster and the one way to change it.
 *
 * `image` is what is durable. `change` runs decisions one at a time, each over all the changes before it (also those
 * whose records are not durable yet), and is settled when its records are durable and replayed and every `onChange`
 * has finished, so a topic that was answered as made has its logs open. A `decide` that throws changes nothing and
 * rejects its own change only.
 */
export interface Cluster {
  /** The cluster id that clients are told. */
  readonly id: string
  readonly image: MetadataImage
  readonly nodes: readonly ClusterNode[]
  /** The node that clients are told is the controller. */
  readonly controllerId: number
  change<T>(decide: (image: MetadataImage) => Decision<T>): Promise<T>
  /**
   * Called with every new image, in order; the change that made it waits for the promise, which must not itself wait for
   * a change. Gives back how to stop.
   */
  onChange(run: (image: MetadataImage, delta: MetadataDelta) => Promise<void> | void): () => void
  /** The open log of a partition, whoever leads it; undefined if there is none. */
  partitionLog(topicId: string, partition: number): PartitionLog | undefined
  /** All logs that are open, whoever leads them. */
  partitionLogs(): Iterable<PartitionLog>
  /** Says when they took so much that their states should be saved. */
  readonly unsavedBytes: UnsavedBytes
  /** What DescribeLogDirs tells: the directories and the partitions in them. */
  logDirectories(): readonly LogDirectory[]
  /** Writes a snapshot of the metadata log now. */
  snapshot(): Promise<void>
  /** Gives up the leaderships as Kafka's controlled shutdown does and closes every log and the storage. */
  stop(): Promise<void>
}

/** One broker as clients see it. */
export interface ClusterNode {
  readonly id: number
  readonly rack: string | null
  /** As registered: what is advertised, one for each listener. */
  readonly endpoints: readonly Endpoint[]
  readonly brokerEpoch: bigint
  /** The settings that hold for it now: those of the start, under the dynamic ones of all nodes and of this one. */
  readonly config: BrokerConfig
  /** Takes the place of `endpoints`: what the listeners turned out to be, where the settings left the port open. */
  advertise(endpoints: readonly Endpoint[]): void
  /**
   * The log of a partition that this node leads. `expectedEpoch` is the client's current leader epoch, -1 or left out if it
   * names none. Throws KafkaError: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, NOT_LEADER_OR_FOLLOWER (with the leader,
   * KIP-951), FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH.
   */
  leaderLog(topic: TopicReference, partition: number, expectedEpoch?: number): PartitionLog
}

export interface LogDirectory {
  readonly directory: StorageDirectory
  /** The open logs in it. */
  readonly logs: readonly PartitionLog[]
}
