import type { AssignableGroup, PartitionAssignor, TopicDescriber, TopicPartitions } from './partition-assignor.ts'
import { requiredPartitionCount } from './partition-count.ts'

/**
 * Each topic is cut into as many ranges as it has subscribers, and the members take them in one order for all topics: topics of as
 * many partitions and the same subscribers are co-partitioned. Stickiness comes from the order alone: static members first, by
 * instance id, so that one that comes back under a new member id finds its place.
 */
export const rangeAssignor: PartitionAssignor = {
  name: 'range',
  assign(group, topics) {
    const ranges = rangesOf(group, topics)
    const assignments = new Map<string, TopicPartitions>()
    for (const memberId of inOrder(group)) {
      const assignment = new Map<string, ReadonlySet<number>>()
      for (const topicId of group.members.get(memberId)!.subscribedTopicIds) {
        const partitions = ranges.get(topicId)!.next()
        if (partitions.size > 0) assignment.set(topicId, partitions)
      }
      assignments.set(memberId, assignment)
    }
    return assignments
  },
}

/** The ranges of one topic, the longer ones first. */
class Ranges {
  #start = 0
  #longerCount: number
  readonly #length: number

  constructor(partitionCount: number, subscriberCount: number) {
    this.#length = Math.floor(partitionCount / subscriberCount)
    this.#longerCount = partitionCount % subscriberCount
  }

  next(): ReadonlySet<number> {
    const end = this.#start + this.#length + (this.#longerCount > 0 ? 1 : 0)
    this.#longerCount -= 1
    const partitions = new Set<number>()
    while (this.#start < end) partitions.add(this.#start++)
    return partitions
  }
}

function rangesOf(group: AssignableGroup, topics: TopicDescriber): ReadonlyMap<string, Ranges> {
  const subscriberCounts = new Map<string, number>()
  for (const { subscribedTopicIds } of group.members.values()) {
    for (const topicId of subscribedTopicIds) subscriberCounts.set(topicId, (subscriberCounts.get(topicId) ?? 0) + 1)
  }
  const ranges = new Map<string, Ranges>()
  for (const [topicId, subscriberCount] of subscriberCounts) {
    ranges.set(topicId, new Ranges(requiredPartitionCount(topics, topicId), subscriberCount))
  }
  return ranges
}

/** By UTF-16 units, as Java compares strings. */
function inOrder({ members }: AssignableGroup): readonly string[] {
  const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
  return [...members.keys()].sort((one, other) => {
    const instanceOfOne = members.get(one)!.instanceId
    const instanceOfOther = members.get(other)!.instanceId
    if (instanceOfOne !== null && instanceOfOther !== null) return compare(instanceOfOne, instanceOfOther)
    if (instanceOfOne !== null || instanceOfOther !== null) return instanceOfOne !== null ? -1 : 1
    return compare(one, other)
  })
}
