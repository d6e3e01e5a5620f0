/** Which partitions of which topics, by topic id. A topic of which there is no partition is left out. */
export type TopicPartitions = ReadonlyMap<string, ReadonlySet<number>>

/** What an assignor knows of a member. */
export interface AssignableMember {
  /** Set for a static member. */
  readonly instanceId: string | null
  /** None of Kafka's assignors looks at racks so far. */
  readonly rackId: string | null
  /** Ids of topics that exist; names and regular expressions are resolved before. */
  readonly subscribedTopicIds: ReadonlySet<string>
  /** Its target assignment so far, to stay close to; a static member that comes back has that of its former self. */
  readonly assignment: TopicPartitions
}

/** Whether all members subscribe to the same topics. */
export type SubscriptionType = 'homogeneous' | 'heterogeneous'

/** The group that is to be assigned, by member id. No partition is in the assignments of two members. */
export interface AssignableGroup {
  readonly members: ReadonlyMap<string, AssignableMember>
  readonly subscriptionType: SubscriptionType
}

export interface TopicDescriber {
  /** Undefined where there is no such topic. */
  partitionCount(topicId: string): number | undefined
}

/**
 * Makes the target assignment of a consumer group (KIP-848). Pure: the same group gives the same assignment. Every member
 * has an entry in the result, but for a group that subscribes to nothing, which may get an empty one. A group that
 * contradicts its topics is refused with UNKNOWN_SERVER_ERROR.
 */
export interface PartitionAssignor {
  /** What members ask for, and what stands in `group.consumer.assignors`. */
  readonly name: string
  assign(group: AssignableGroup, topics: TopicDescriber): ReadonlyMap<string, TopicPartitions>
}
