import { KafkaError } from '../../../../protocol/errors.ts'
import type { ConsumerProtocolSubscription } from '../../../../protocol/messages/consumer-protocol.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import { type ClassicGroup, consumerProtocolType } from '../classic/classic-group.ts'
import type { ClassicMember } from '../classic/classic-member.ts'
import { ConsumerGroup } from '../consumer/consumer-group.ts'
import { type ConsumerMember, newConsumerMember } from '../consumer/consumer-member.ts'
import {
  currentAssignment,
  groupEpoch,
  memberMetadata,
  targetAssignment,
  targetAssignmentEpoch,
} from '../consumer/consumer-records.ts'
import type { GroupTopics } from '../consumer/group-topics.ts'
import { readConsumerRecord, replayConsumerRecord } from '../consumer/replay-consumer-group.ts'
import { subscribedHash } from '../consumer/subscribed-hash.ts'
import { joinTimer, sessionTimer, syncTimer } from '../group-timer.ts'
import { joinRefusal, syncRefusal } from '../responses.ts'
import type { Turn } from '../turn.ts'
import { readAssignment, readSubscription, withTopicIds } from './embedded-protocol.ts'
import { mayUpgrade } from './migration-policy.ts'

/**
 * A classic group as the consumer group that it becomes when a member of the consumer protocol joins it. The group is not in the
 * machine yet: the records, which come before those of the member, make it anew. Throws GROUP_ID_NOT_FOUND where it may not be.
 */
export function upgraded(
  classic: ClassicGroup,
  turn: Turn,
): { readonly group: ConsumerGroup; readonly records: readonly CoordinatorRecord[] } {
  refuseUpgrade(classic, turn)
  const written = recordsOf(classic, turn)
  const records = [...classic.tombstones(), ...written]
  // All or nothing: with half of its members in the log it would give the partitions of the others away.
  if (!turn.fitsBatch(records)) throw new KafkaError('UNKNOWN_SERVER_ERROR')
  const group = new ConsumerGroup(classic.groupId)
  for (const record of written) replayConsumerRecord(group, readConsumerRecord(record)!)
  return { group, records }
}

const notUpgraded = (why: string): KafkaError => new KafkaError('GROUP_ID_NOT_FOUND', why)

function refuseUpgrade({ groupId, protocolType, members }: ClassicGroup, { settings }: Turn): void {
  const cannot = `Cannot upgrade classic group ${groupId} to consumer group because`
  if (!mayUpgrade(settings.migrationPolicy)) throw notUpgraded(`${cannot} online upgrade is disabled.`)
  if (protocolType !== consumerProtocolType) throw notUpgraded(`${cannot} the group does not use the consumer embedded protocol.`)
  if (members.size > settings.consumerMembersMax) {
    throw notUpgraded(`${cannot} the group size exceeds the consumer group maximum size.`)
  }
}

/** Its generation becomes the epoch. What its leader assigned last is what everyone owns, and the target. */
function recordsOf(classic: ClassicGroup, turn: Turn): readonly CoordinatorRecord[] {
  const { groupId, generationId, state } = classic
  const known = [...classic.members].map((member) => consumerMember(classic, member, turn.topics))
  const members = withClaims(known, classic, turn.topics)
  const names = new Set(members.flatMap(({ subscribedTopicNames }) => [...subscribedTopicNames]))
  // In a rebalance partitions may be nobody's, and who joins in the place of another changes nothing: a target is made in any case.
  const epoch = generationId + (state === 'Stable' ? 0 : 1)
  return [
    ...members.map((member) => memberMetadata(groupId, member)),
    groupEpoch(groupId, epoch, subscribedHash(names, turn)),
    ...members.map(({ id, assigned }) => targetAssignment(groupId, id, withoutEpochs(assigned))),
    targetAssignmentEpoch(groupId, generationId, 0n),
    ...members.map((member) => currentAssignment(groupId, member)),
  ]
}

const withoutEpochs = (assigned: ConsumerMember['assigned']) =>
  new Map([...assigned].map(([topicId, partitions]) => [topicId, new Set(partitions.keys())]))

/**
 * A member without an assignment, since a rebalance was begun anew, may still read what it said that it owns (KIP-429). Kafka takes it
 * to own nothing, and gives that to others while it reads.
 */
function withClaims(members: readonly ConsumerMember[], group: ClassicGroup, topics: GroupTopics): readonly ConsumerMember[] {
  const taken = new Set(members.flatMap(({ assigned }) => partitionKeys(assigned)))
  return members.map((member) => {
    const classic = group.members.get(member.id)
    if (classic === undefined || classic.assignment.length > 0) return member
    const claims = withTopicIds(subscriptionOf(group, classic).ownedPartitions, topics).map(({ topicId, partitions }) => {
      const free = partitions.filter((partition) => !taken.has(`${topicId}:${partition}`))
      for (const partition of free) taken.add(`${topicId}:${partition}`)
      return [topicId, new Map(free.map((partition) => [partition, group.generationId]))] as const
    })
    return { ...member, assigned: new Map(claims.filter(([, partitions]) => partitions.size > 0)) }
  })
}

const partitionKeys = (assigned: ConsumerMember['assigned']): readonly string[] =>
  [...assigned].flatMap(([topicId, partitions]) => [...partitions.keys()].map((partition) => `${topicId}:${partition}`))

function subscriptionOf(group: ClassicGroup, member: ClassicMember): ConsumerProtocolSubscription {
  // Before its first generation a group has no protocol; all that a consumer offers say the same.
  const metadata = member.metadata(group.protocolName) ?? member.protocols[0]?.metadata
  const subscription = metadata === undefined ? undefined : readSubscription(metadata)
  if (subscription === undefined) throw malformed(group)
  return subscription
}

function consumerMember(group: ClassicGroup, member: ClassicMember, topics: GroupTopics): ConsumerMember {
  const { generationId } = group
  const subscription = subscriptionOf(group, member)
  return {
    ...newConsumerMember(member.id),
    epoch: generationId,
    previousEpoch: generationId,
    instanceId: member.instanceId,
    rackId: subscription.rackId,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: new Set(subscription.topics),
    assigned: assignedPartitions(group, member, topics),
    classic: { sessionTimeoutMs: member.sessionTimeoutMs, supportedProtocols: member.protocols },
  }
}

function assignedPartitions(group: ClassicGroup, member: ClassicMember, topics: GroupTopics): ConsumerMember['assigned'] {
  // It has joined and never synced.
  if (member.assignment.length === 0) return new Map()
  const assignment = readAssignment(member.assignment)
  if (assignment === undefined) throw malformed(group)
  if (assignment.userData !== null && assignment.userData.length > 0) {
    throw notUpgraded(
      `Cannot upgrade classic group ${group.groupId} to consumer group because an unsupported custom assignor is in use. ` +
        'Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.',
    )
  }
  const assigned = new Map<string, ReadonlyMap<number, number>>()
  for (const { topicId, partitions } of withTopicIds(assignment.assignedPartitions, topics)) {
    assigned.set(topicId, new Map(partitions.map((partition) => [partition, group.generationId])))
  }
  return assigned
}

const malformed = ({ groupId }: ClassicGroup): KafkaError =>
  notUpgraded(`Cannot upgrade classic group ${groupId} to consumer group because the embedded consumer protocol is malformed.`)

/**
 * What the classic group waited for is over: whoever waited with it joins again, now a consumer group. The static member that has
 * come back with the consumer protocol has no session under its former id.
 */
export function endClassic(classic: ClassicGroup, replacedInstanceId: string | null, turn: Turn): void {
  const { groupId, members } = classic
  for (const member of members) {
    const join = members.unpark(member)
    if (join !== null) turn.reply(join.requestId, joinRefusal(member.id, 'REBALANCE_IN_PROGRESS'))
    const sync = members.unparkSync(member)
    if (sync !== null) turn.reply(sync.requestId, syncRefusal('REBALANCE_IN_PROGRESS'))
    const isReplaced = member.isStatic && member.instanceId === replacedInstanceId
    if (!isReplaced) turn.setTimer(sessionTimer(groupId, member.id), member.sessionTimeoutMs)
  }
  for (const memberId of classic.pendingMembers) {
    turn.cancelTimer(sessionTimer(groupId, memberId))
    turn.ties.forget(groupId, memberId, turn)
  }
  turn.cancelTimer(joinTimer(groupId))
  turn.cancelTimer(syncTimer(groupId))
}
