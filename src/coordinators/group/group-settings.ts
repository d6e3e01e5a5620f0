import type { PartitionAssignor } from './assignors/partition-assignor.ts'
import type { ConsumerGroupConfig, GroupTopics } from './consumer/group-topics.ts'
import type { MigrationPolicy } from './migration/migration-policy.ts'

/** What of the broker's configuration a group coordinator goes by; broker.ts fills it in. */
export interface GroupSettings {
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number
  /** group.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: number
  /** group.evict.on.disconnect: the grace of a member whose connection ends; null: only its session matters, as in Kafka. */
  readonly evictOnDisconnectMs: number | null
  /** group.initial.rebalance.delay.ms */
  readonly initialRebalanceDelayMs: number
  /** group.max.size */
  readonly membersMax: number
  /** How many member ids of a group may be given out (KIP-394) and not have joined yet; each costs memory until its session times out. */
  readonly pendingMembersMax: number
  /**
   * group.members.max.bytes: what the members of all groups of the node may keep in memory together. Kafka has no such limit: anybody who may join
   * some group can fill its heap, and members stay for minutes after their connections have ended.
   */
  readonly memberBytesMax: number
  /** offset.metadata.max.bytes; like Kafka, counted in UTF-16 units. */
  readonly offsetMetadataLengthMax: number
  /** offsets.retention.minutes */
  readonly offsetsRetentionMs: number
  /** offsets.retention.check.interval.ms */
  readonly offsetsRetentionCheckIntervalMs: number
  /** group.consumer.max.size */
  readonly consumerMembersMax: number
  /** group.consumer.assignors, at least one: the first is used where members name none. */
  readonly consumerAssignors: readonly PartitionAssignor[]
  /** group.consumer.migration.policy */
  readonly migrationPolicy: MigrationPolicy
  /** group.consumer.regex.refresh.interval.ms */
  readonly regexRefreshIntervalMs: number
  /** The largest batch that the internal topic takes (its max.message.bytes): a decision must fit into one. */
  readonly batchBytesMax: number
}

/** What a machine of groups may look at besides its own state. */
export interface GroupImage {
  /**
   * How many bytes more the members of all groups of this node may keep in memory. Negative where more than allowed was
   * loaded: what is on disk always is.
   */
  readonly memberRoomBytes: number
  readonly topics: GroupTopics
  consumerConfig(groupId: string): ConsumerGroupConfig
}

/** How long a member that does not know its id yet may wait in a rebalance; Kafka has no setting for it. */
export const newMemberJoinTimeoutMs = 5 * 60 * 1000
