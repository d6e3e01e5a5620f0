import type { CoordinatorRecord } from '../../machine.ts'
import type { AssignableMember, PartitionAssignor, SubscriptionType, TopicPartitions } from '../assignors/partition-assignor.ts'
import { type ConsumerGroup, noTopicPartitions } from './consumer-group.ts'
import { type ConsumerMember, regexOf, samePartitions } from './consumer-member.ts'
import { targetAssignment, targetAssignmentEpoch } from './consumer-records.ts'
import { type GroupTopics, topicIds } from './group-topics.ts'
import { count } from './topic-subscriptions.ts'

interface Assigning {
  readonly group: ConsumerGroup
  /** The epoch of the group with the member as it now is. */
  readonly epoch: number
  readonly updated: ConsumerMember
  readonly subscriptionType: SubscriptionType
  readonly assignor: PartitionAssignor
  readonly topics: GroupTopics
  readonly nowMs: number
}

/** The new target of the member that asks, and the records of all targets that differ, then that of their epoch. */
export function assignTargets(how: Assigning): { target: TopicPartitions; records: readonly CoordinatorRecord[] } {
  const { group, epoch, assignor, topics, nowMs } = how
  const members = assignableMembers(how)
  const targets = assignor.assign(
    { members, subscriptionType: how.subscriptionType },
    { partitionCount: (topicId) => topics.byId(topicId)?.partitionCount },
  )
  const records: CoordinatorRecord[] = []
  for (const memberId of members.keys()) {
    const target = targets.get(memberId) ?? noTopicPartitions
    const before = group.targets.get(memberId)
    if (before === undefined || !samePartitions(before, target)) records.push(targetAssignment(group.groupId, memberId, target))
  }
  records.push(targetAssignmentEpoch(group.groupId, epoch, BigInt(nowMs)))
  return { target: targets.get(how.updated.id) ?? noTopicPartitions, records }
}

function assignableMembers({ group, updated, topics }: Assigning): Map<string, AssignableMember> {
  const members = new Map<string, AssignableMember>()
  const namesOf = new SubscribedTopicIds(group, topics)
  const assignable = (member: ConsumerMember, assignment: TopicPartitions): AssignableMember => ({
    instanceId: member.instanceId,
    rackId: member.rackId,
    subscribedTopicIds: namesOf.of(member),
    assignment,
  })
  const former = updated.instanceId === null ? undefined : group.staticMember(updated.instanceId)
  for (const member of group.members.values()) {
    // A static member that has come back under a new id takes the place of the old one.
    if (member.id !== former?.id || former.id === updated.id) members.set(member.id, assignable(member, group.target(member.id)))
  }
  members.set(updated.id, assignable(updated, group.target(former?.id ?? updated.id)))
  return members
}

/** The topics of a group's members by id; members that say the same share one set. */
export class SubscribedTopicIds {
  readonly #group: ConsumerGroup
  readonly #topics: GroupTopics
  readonly #known = new Map<string, ReadonlySet<string>>()

  constructor(group: ConsumerGroup, topics: GroupTopics) {
    this.#group = group
    this.#topics = topics
  }

  of(member: ConsumerMember): ReadonlySet<string> {
    const regex = regexOf(member)
    const key = JSON.stringify([regex, ...member.subscribedTopicNames])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const ids = topicIds(member.subscribedTopicNames, this.#topics)
    topicIds(this.#group.topicsOfRegex(regex), this.#topics, ids)
    this.#known.set(key, ids)
    return ids
  }
}

/** What most members ask for with this one as it is now; of equals the one that is configured first. */
export function preferredAssignor(
  group: ConsumerGroup,
  before: ConsumerMember | undefined,
  after: ConsumerMember | undefined,
  configured: readonly PartitionAssignor[],
): PartitionAssignor {
  const counts = new Map(group.assignors)
  if (before?.assignorName) count(counts, before.assignorName, -1)
  if (after?.assignorName) count(counts, after.assignorName, 1)
  let preferred = configured[0]!
  for (const assignor of configured) {
    if ((counts.get(assignor.name) ?? 0) > (counts.get(preferred.name) ?? 0)) preferred = assignor
  }
  return preferred
}
