import { KafkaError } from '../../../../protocol/errors.ts'
import type { AssignableGroup, TopicDescriber, TopicPartitions } from './partition-assignor.ts'
import { requiredPartitionCount } from './partition-count.ts'

interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

/** What a member keeps of its former assignment, and how many partitions more it is to get. */
interface Share {
  readonly memberId: string
  readonly kept: TopicPartitions
  readonly missing: number
}

/**
 * All members subscribe to the same topics: everyone may own any partition, so that the sizes of two assignments differ by one at
 * most. Each member keeps what it owns up to its quota; what is then free goes to those below theirs, in the members' order.
 */
export function assignUniformHomogeneous(group: AssignableGroup, topics: TopicDescriber): ReadonlyMap<string, TopicPartitions> {
  const subscribed = firstOf(group).subscribedTopicIds
  if (subscribed.size === 0) return new Map()
  const free = unownedPartitions(group, topics, subscribed)
  const shares = sharesOf(group, topics, subscribed, free)

  const assignments = new Map<string, TopicPartitions>()
  let next = 0
  for (const { memberId, kept, missing } of shares) {
    const given = free.slice(next, next + missing)
    next += given.length
    assignments.set(memberId, given.length === 0 ? kept : withPartitions(kept, given))
  }
  if (next < free.length) throw new KafkaError('UNKNOWN_SERVER_ERROR', 'Members own partitions that their topics do not have.')
  return assignments
}

function firstOf({ members }: AssignableGroup) {
  for (const member of members.values()) return member
  throw new RangeError('A group without members has nothing to assign to.')
}

function unownedPartitions(group: AssignableGroup, topics: TopicDescriber, subscribed: ReadonlySet<string>): TopicPartition[] {
  const owned = new Map<string, Set<number>>()
  for (const topicId of subscribed) owned.set(topicId, new Set())
  for (const { assignment } of group.members.values()) {
    for (const [topicId, partitions] of assignment) {
      const ofTopic = owned.get(topicId)
      if (ofTopic !== undefined) for (const partition of partitions) ofTopic.add(partition)
    }
  }
  const unowned: TopicPartition[] = []
  for (const [topicId, ofTopic] of owned) {
    const partitionCount = requiredPartitionCount(topics, topicId)
    for (let partition = 0; partition < partitionCount; partition++) {
      if (!ofTopic.has(partition)) unowned.push({ topicId, partition })
    }
  }
  return unowned
}

/** Adds to `free` what members own above their quota. */
function sharesOf(
  { members }: AssignableGroup,
  topics: TopicDescriber,
  subscribed: ReadonlySet<string>,
  free: TopicPartition[],
): readonly Share[] {
  let partitionCount = 0
  for (const topicId of subscribed) partitionCount += requiredPartitionCount(topics, topicId)
  const leastQuota = Math.floor(partitionCount / members.size)
  /** Partitions that are left when everyone has the least; one more for as many members. */
  let extraCount = partitionCount % members.size
  let membersLeft = members.size

  const shares: Share[] = []
  for (const [memberId, { assignment }] of members) {
    const mayHaveExtra = extraCount > 0
    const quota = leastQuota + (mayHaveExtra ? 1 : 0)
    const kept = keepUpTo(quota, assignment, subscribed, free)
    const missing = quota - sizeOf(kept)
    // An extra partition is for those that own one already. Who does not takes one only if just as many members are left as extras.
    const leavesExtra = mayHaveExtra && missing > 0 && membersLeft > extraCount
    if (mayHaveExtra && !leavesExtra) extraCount -= 1
    membersLeft -= 1
    shares.push({ memberId, kept, missing: leavesExtra ? missing - 1 : missing })
  }
  return shares
}

/** What of an assignment stays; the rest of the subscribed topics is added to `free`. */
function keepUpTo(
  quota: number,
  assignment: TopicPartitions,
  subscribed: ReadonlySet<string>,
  free: TopicPartition[],
): TopicPartitions {
  let room = quota
  let changed = false
  const kept = new Map<string, ReadonlySet<number>>()
  for (const [topicId, partitions] of assignment) {
    const keepsTopic = subscribed.has(topicId)
    if (!keepsTopic) {
      changed = true
    } else if (partitions.size <= room) {
      room -= partitions.size
      kept.set(topicId, partitions)
    } else {
      changed = true
      const [first, rest] = split(partitions, room)
      room = 0
      if (first.size > 0) kept.set(topicId, first)
      for (const partition of rest) free.push({ topicId, partition })
    }
  }
  return changed ? kept : assignment
}

function split(partitions: ReadonlySet<number>, size: number): readonly [Set<number>, readonly number[]] {
  const all = [...partitions].sort(ascending)
  return [new Set(all.slice(0, size)), all.slice(size)]
}

function sizeOf(assignment: TopicPartitions): number {
  let size = 0
  for (const partitions of assignment.values()) size += partitions.size
  return size
}

function withPartitions(kept: TopicPartitions, given: readonly TopicPartition[]): TopicPartitions {
  const givenByTopic = new Map<string, number[]>()
  for (const { topicId, partition } of given) {
    const partitions = givenByTopic.get(topicId)
    if (partitions !== undefined) partitions.push(partition)
    else givenByTopic.set(topicId, [partition])
  }
  const assignment = new Map(kept)
  for (const [topicId, partitions] of givenByTopic) {
    assignment.set(topicId, new Set([...(kept.get(topicId) ?? []), ...partitions].sort(ascending)))
  }
  return assignment
}

/** Which partitions a member keeps must not hang on the order in which it was given them. */
const ascending = (one: number, other: number): number => one - other
