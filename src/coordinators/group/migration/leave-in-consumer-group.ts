import { type ErrorName, KafkaError } from '../../../../protocol/errors.ts'
import { type Leaver, leaveAnswer, leaversOf } from '../classic/leave-group.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { ConsumerMember } from '../consumer/consumer-member.ts'
import { knownStaticMember } from '../consumer/heartbeat-member.ts'
import { fence, withoutMembers } from '../consumer/leave-consumer-group.ts'
import type { GroupInput, LeaveGroupRequest, LeaveGroupResponse } from '../group-request.ts'
import type { Turn } from '../turn.ts'

/** Members leave by LeaveGroup: classic ones by themselves, and any that an administrator removes. */
export function leaveInConsumerGroup(group: ConsumerGroup, input: GroupInput, request: LeaveGroupRequest, turn: Turn): void {
  const { version } = input.caller
  const leavers = leaversOf(request, version)
  const leaving = new Set<ConsumerMember>()
  const errors = leavers.map((leaver): ErrorName => {
    const member = memberOf(group, leaver)
    if (typeof member === 'string') return member
    leaving.add(member)
    return 'NONE'
  })
  for (const record of withoutMembers(group, [...leaving], turn)) turn.record(record)
  turn.reply<LeaveGroupResponse>(input.id, leaveAnswer(leavers, errors, version))
}

function memberOf(group: ConsumerGroup, { memberId, groupInstanceId }: Leaver): ConsumerMember | ErrorName {
  if (groupInstanceId === null) return group.members.get(memberId) ?? 'UNKNOWN_MEMBER_ID'
  // An administrator removes by instance id alone.
  if (memberId === '') return group.staticMember(groupInstanceId) ?? 'UNKNOWN_MEMBER_ID'
  try {
    return knownStaticMember(group, memberId, groupInstanceId)
  } catch (error) {
    if (error instanceof KafkaError) return error.code
    throw error
  }
}

/** A classic member that did not join again in time, or did not ask for its assignment. */
export function classicMemberIsLate(group: ConsumerGroup, memberId: string, turn: Turn): void {
  // It may have come back with the consumer protocol in between.
  if (group.members.get(memberId)?.classic != null) fence(group, memberId, turn)
}
