import { KafkaError } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { Turn } from '../turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, newConsumerMember, staticLeaveEpoch } from './consumer-member.ts'
import { currentAssignment, memberMetadata, memberTombstones, targetAssignment } from './consumer-records.ts'
import type { ConsumerGroupHeartbeatRequest, HeartbeatTopicPartitions } from './consumer-request.ts'

interface Subscribed {
  readonly member: ConsumerMember
  /** The id of the static member whose place it has taken. */
  readonly replaces: string | null
}

/** The member that a heartbeat speaks for, or a new one where it joins. Throws KafkaError where it may not. */
export function subscribeMember(
  group: ConsumerGroup,
  request: ConsumerGroupHeartbeatRequest,
  records: CoordinatorRecord[],
  turn: Turn,
): Subscribed {
  const { memberId, instanceId } = request
  refuseIfFull(group, memberId, turn)
  const id = memberId === '' ? turn.random.uuid() : memberId
  if (instanceId !== null) return staticMember(group, id, instanceId, request, records)
  const member = group.members.get(id)
  if (member === undefined && request.memberEpoch !== 0) throw unknownMember(id, group.groupId)
  if (member !== undefined) refuseIfEpochIsInvalid(member, request)
  return { member: member ?? newConsumerMember(id), replaces: null }
}

export function refuseIfFull(group: ConsumerGroup, memberId: string, turn: Turn): void {
  const { consumerMembersMax } = turn.settings
  if (group.members.size < consumerMembersMax || group.members.has(memberId)) return
  const message = `The consumer group has reached its maximum capacity of ${consumerMembersMax} members.`
  throw new KafkaError('GROUP_MAX_SIZE_REACHED', message)
}

export const unknownMember = (memberId: string, groupId: string): KafkaError =>
  new KafkaError('UNKNOWN_MEMBER_ID', `Member ${memberId} is not a member of group ${groupId}.`)

/** A static member is known by its instance: one that joins takes the place of a former one that has left for a while. */
function staticMember(
  group: ConsumerGroup,
  id: string,
  instanceId: string,
  request: ConsumerGroupHeartbeatRequest,
  records: CoordinatorRecord[],
): Subscribed {
  if (request.memberEpoch !== 0) {
    const member = knownStaticMember(group, id, instanceId)
    refuseIfEpochIsInvalid(member, request)
    return { member, replaces: null }
  }
  const former = group.staticMember(instanceId)
  if (former === undefined) return { member: group.members.get(id) ?? newConsumerMember(id), replaces: null }
  if (former.classic === null && former.epoch !== staticLeaveEpoch) {
    throw new KafkaError(
      'UNRELEASED_INSTANCE_ID',
      `Static member ${id} with instance id ${instanceId} cannot join the group because the instance id is owned by ${former.id} member.`,
    )
  }
  return { member: replaceStaticMember(group, former, id, records), replaces: former.id }
}

/** The same instance under a new id: it has what the former one had, and joins at the beginning. */
export function replaceStaticMember(
  group: ConsumerGroup,
  former: ConsumerMember,
  id: string,
  records: CoordinatorRecord[],
): ConsumerMember {
  const member = { ...former, id, epoch: 0, previousEpoch: 0 }
  records.push(
    ...memberTombstones(group.groupId, former.id),
    memberMetadata(group.groupId, member),
    targetAssignment(group.groupId, id, group.target(former.id)),
    currentAssignment(group.groupId, member),
  )
  return member
}

/** Throws KafkaError where the instance is not known, or is another member. */
export function knownStaticMember(group: ConsumerGroup, id: string, instanceId: string): ConsumerMember {
  const member = group.staticMember(instanceId)
  if (member === undefined) throw new KafkaError('UNKNOWN_MEMBER_ID', `Instance id ${instanceId} is unknown.`)
  if (member.id === id) return member
  throw new KafkaError(
    'FENCED_INSTANCE_ID',
    `Static member ${id} with instance id ${instanceId} was fenced by member ${member.id}.`,
  )
}

/** Who names the epoch before has missed an answer: it may go on if it owns nothing that it was not given. */
function refuseIfEpochIsInvalid(member: ConsumerMember, { memberEpoch, topicPartitions }: ConsumerGroupHeartbeatRequest): void {
  if (memberEpoch === 0 || memberEpoch === member.epoch) return
  const isLater = memberEpoch > member.epoch
  if (!isLater && memberEpoch === member.previousEpoch && ownsNoMore(topicPartitions, member)) return
  throw new KafkaError(
    'FENCED_MEMBER_EPOCH',
    `The consumer group member has a ${isLater ? 'greater' : 'smaller'} member epoch (${memberEpoch}) than the one known by the ` +
      `group coordinator (${member.epoch}). The member must abandon all its partitions and rejoin.`,
  )
}

function ownsNoMore(owned: readonly HeartbeatTopicPartitions[] | null, { assigned }: ConsumerMember): boolean {
  if (owned === null) return false
  return owned.every(({ topicId, partitions }) => {
    const held = assigned.get(topicId)
    return held !== undefined && partitions.every((partition) => held.has(partition))
  })
}
