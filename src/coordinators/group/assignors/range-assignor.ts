import type { AssignableGroup, PartitionAssignor, TopicDescriber, TopicPartitions } from './partition-assignor.ts'
import { requiredPartitionCount } from './partition-count.ts'

type Assignments = ReadonlyMap<string, TopicPartitions>

/**
 * Each topic is cut into as many ranges as it has subscribers, and the members take them in one order for all topics: topics of as
 * many partitions and the same subscribers are co-partitioned. Stickiness comes from the order alone: static members first, by
 * instance id, so that one that comes back under a new member id finds its place.
 */
export const rangeAssignor: PartitionAssignor = {
  name: 'range',
  assign(group, topics) {
    const memberIds = inOrder(group)
    return group.subscriptionType === 'homogeneous'
      ? assignHomogeneous(group, topics, memberIds)
      : assignHeterogeneous(group, topics, memberIds)
  },
}

function assignHomogeneous({ members }: AssignableGroup, topics: TopicDescriber, memberIds: readonly string[]): Assignments {
  const assignments = new Map<string, TopicPartitions>()
  const topicIds = members.get(memberIds[0] ?? '')?.subscribedTopicIds ?? []
  let open = Array.from(topicIds, (id) => ({ id, ranges: new Ranges(requiredPartitionCount(topics, id), members.size) }))
  for (const memberId of memberIds) {
    const assignment = new Map<string, ReadonlySet<number>>()
    for (const { id, ranges } of open) assignment.set(id, ranges.next())
    assignments.set(memberId, assignment)
    // With many topics of few partitions most members get nothing: they must not cost a look at each topic.
    if (open.some(({ ranges }) => ranges.isOver)) open = open.filter(({ ranges }) => !ranges.isOver)
  }
  return assignments
}

function assignHeterogeneous(group: AssignableGroup, topics: TopicDescriber, memberIds: readonly string[]): Assignments {
  const assignments = new Map<string, TopicPartitions>()
  const rangesByTopic = rangesOf(group, topics)
  for (const memberId of memberIds) {
    const assignment = new Map<string, ReadonlySet<number>>()
    for (const topicId of group.members.get(memberId)!.subscribedTopicIds) {
      const ranges = rangesByTopic.get(topicId)!
      if (!ranges.isOver) assignment.set(topicId, ranges.next())
    }
    assignments.set(memberId, assignment)
  }
  return assignments
}

/** The ranges of one topic, the longer ones first. */
class Ranges {
  #start = 0
  #longerCount: number
  readonly #length: number
  readonly #partitionCount: number

  constructor(partitionCount: number, subscriberCount: number) {
    this.#partitionCount = partitionCount
    this.#length = Math.floor(partitionCount / subscriberCount)
    this.#longerCount = partitionCount % subscriberCount
  }

  get isOver(): boolean {
    return this.#start === this.#partitionCount
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
