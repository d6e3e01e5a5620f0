import { type ErrorName, errorCode } from '../../../../protocol/errors.ts'
import type { GroupInput, LeaveGroupRequest, LeaveGroupResponse } from '../group-request.ts'
import { sessionTimer } from '../group-timer.ts'
import type { Turn } from '../turn.ts'
import type { ClassicGroup } from './classic-group.ts'
import { completeJoinIfAll, prepareRebalance, removeMember } from './rebalance.ts'

export interface Leaver {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** From this version on several members may leave at once (KIP-345). */
const batchVersion = 3

/** `group` is undefined where there is none: then nobody is known, which is said for each member. */
export function leaveGroup(group: ClassicGroup | undefined, input: GroupInput, request: LeaveGroupRequest, turn: Turn): void {
  const { version } = input.caller
  const leavers = leaversOf(request, version)
  const errors = leavers.map((leaver) => (group === undefined ? 'UNKNOWN_MEMBER_ID' : leave(group, leaver, turn)))
  if (group !== undefined && errors.includes('NONE')) {
    if (group.state === 'PreparingRebalance') completeJoinIfAll(group, turn)
    else if (group.state !== 'Empty') prepareRebalance(group, turn)
  }
  turn.reply<LeaveGroupResponse>(input.id, leaveAnswer(leavers, errors, version))
}

export const leaversOf = (request: LeaveGroupRequest, version: number): readonly Leaver[] =>
  version < batchVersion ? [{ ...request, groupInstanceId: null }] : request.members

export function leaveAnswer(leavers: readonly Leaver[], errors: readonly ErrorName[], version: number): LeaveGroupResponse {
  if (version < batchVersion) return { errorCode: errorCode(errors[0] ?? 'NONE') }
  const members = leavers.map(({ memberId, groupInstanceId }, index) => ({
    memberId,
    groupInstanceId,
    errorCode: errorCode(errors[index] ?? 'NONE'),
  }))
  return { errorCode: 0, members }
}

function leave(group: ClassicGroup, { memberId, groupInstanceId }: Leaver, turn: Turn): ErrorName {
  if (group.pendingMembers.has(memberId)) {
    group.remove(memberId)
    turn.cancelTimer(sessionTimer(group.groupId, memberId))
    turn.ties.forget(group.groupId, memberId, turn)
    return 'NONE'
  }
  const id = memberId === '' ? staticMemberId(group, groupInstanceId) : memberId
  const fenced = memberId === '' ? null : group.fenceMember(memberId, groupInstanceId)
  const member = group.members.get(id)
  if (fenced !== null || member === undefined) return fenced ?? 'UNKNOWN_MEMBER_ID'
  removeMember(group, member, turn)
  return 'NONE'
}

/** An administrator removes by instance id alone. */
const staticMemberId = (group: ClassicGroup, instanceId: string | null): string =>
  (instanceId === null ? undefined : group.members.idOfInstance(instanceId)) ?? ''
