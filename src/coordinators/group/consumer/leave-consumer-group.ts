import type { CoordinatorRecord } from '../../machine.ts'
import { rebalanceTimer } from '../group-timer.ts'
import { cancelClassicTimers } from '../migration/classic-member-timers.ts'
import { downgrade, isDowngrade } from '../migration/downgrade.ts'
import type { Turn } from '../turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, regexOf, staticLeaveEpoch } from './consumer-member.ts'
import { currentAssignment, groupEpoch, memberTombstones, regexTombstone } from './consumer-records.ts'
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './consumer-request.ts'
import { knownStaticMember, unknownMember } from './heartbeat-member.ts'
import { cancelMemberTimers } from './member-timers.ts'
import { subscribedHash } from './subscribed-hash.ts'
import { count } from './topic-subscriptions.ts'

/** A member leaves for good, or, if it is a static one that says so, until it comes back. Throws KafkaError. */
export function leave(
  group: ConsumerGroup,
  { memberId, memberEpoch, instanceId }: ConsumerGroupHeartbeatRequest,
  turn: Turn,
): { records: readonly CoordinatorRecord[]; response: ConsumerGroupHeartbeatResponse } {
  const response = { errorCode: 0, memberId, memberEpoch, heartbeatIntervalMs: 0 }
  const member = instanceId === null ? group.members.get(memberId) : knownStaticMember(group, memberId, instanceId)
  if (member === undefined) throw unknownMember(memberId, group.groupId)
  if (instanceId === null || memberEpoch !== staticLeaveEpoch) return { records: withoutMembers(group, [member], turn), response }
  turn.cancelTimer(rebalanceTimer(group.groupId, member.id))
  return { records: [currentAssignment(group.groupId, asAway(member))], response }
}

/** It keeps what it owns until its session ends, as if it had had that all along: whoever comes back has a new epoch. */
function asAway(member: ConsumerMember): ConsumerMember {
  const assigned = new Map(
    [...member.assigned].map(([topicId, partitions]) => [
      topicId,
      new Map([...partitions.keys()].map((partition) => [partition, 0])),
    ]),
  )
  return { ...member, epoch: staticLeaveEpoch, assigned, pendingRevocation: new Map() }
}

/** Members leave or are fenced: what they held is free, and the target assignment will be another. */
export function withoutMembers(
  group: ConsumerGroup,
  members: readonly ConsumerMember[],
  turn: Turn,
): readonly CoordinatorRecord[] {
  if (members.length === 0) return []
  if (isDowngrade(group, { leaving: members, joining: null }, turn)) {
    const records = downgrade(group, { leaving: members, joining: null, rebalances: true }, turn)
    if (records !== null) return records
  }
  const { groupId } = group
  const regexes = onlyOf(group, members)
  const hash = subscribedHash(group.subscriptionsWithout(members, regexes).names, turn)
  for (const { id, classic } of members) {
    cancelMemberTimers(groupId, id, turn)
    if (classic !== null) cancelClassicTimers(group, id, turn)
  }
  return [
    ...members.flatMap(({ id }) => memberTombstones(groupId, id)),
    ...regexes.map((regex) => regexTombstone(groupId, regex)),
    groupEpoch(groupId, group.epoch + 1, hash),
  ]
}

/** The expressions that nobody else subscribes to. */
function onlyOf(group: ConsumerGroup, members: readonly ConsumerMember[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const member of members) {
    const regex = regexOf(member)
    if (regex !== null) count(counts, regex, 1)
  }
  return [...counts].filter(([regex, members]) => group.regexes.get(regex) === members).map(([regex]) => regex)
}

/** The member has not been heard of for its session timeout, or has not given up in time what it had to. */
export function fence(group: ConsumerGroup, memberId: string, turn: Turn): void {
  const member = group.members.get(memberId)
  if (member === undefined) return
  for (const record of withoutMembers(group, [member], turn)) turn.record(record)
}

/** Only who still has to give up partitions is late; a static member that is away does not rebalance. */
export function rebalanceTimerExpired(group: ConsumerGroup, memberId: string, turn: Turn): void {
  const member = group.members.get(memberId)
  if (member?.state === 'UnrevokedPartitions' && member.epoch !== staticLeaveEpoch) fence(group, memberId, turn)
}
