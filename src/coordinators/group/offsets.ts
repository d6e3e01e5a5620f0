/** The offset that a group has committed for one partition. */
export interface CommittedOffset {
  readonly offset: bigint
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: bigint
  /** Set only by clients that name a retention (OffsetCommit 2 to 4). */
  readonly expireTimestampMs: bigint | null
  /** The zero id if the commit named the topic by its name. */
  readonly topicId: string
}

type PartitionOffsets = Map<number, CommittedOffset>

/** The committed offsets of all groups of a machine. Only replay changes them. */
export class Offsets {
  readonly #byGroup = new Map<string, Map<string, PartitionOffsets>>()

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#byGroup.get(groupId)?.get(topic)?.get(partition)
  }

  /** By topic, then by partition; undefined if the group has none. */
  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> | undefined {
    return this.#byGroup.get(groupId)
  }

  groupIds(): IterableIterator<string> {
    return this.#byGroup.keys()
  }

  set(groupId: string, topic: string, partition: number, committed: CommittedOffset): void {
    const topics = this.#byGroup.get(groupId) ?? new Map<string, PartitionOffsets>()
    this.#byGroup.set(groupId, topics)
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>()
    topics.set(topic, partitions)
    partitions.set(partition, committed)
  }

  delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#byGroup.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#byGroup.delete(groupId)
  }
}
