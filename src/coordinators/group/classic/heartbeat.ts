import type { ErrorName } from '../../../../protocol/errors.ts'
import type { GroupInput, HeartbeatRequest } from '../group-request.ts'
import { heartbeatAnswer } from '../responses.ts'
import type { Turn } from '../turn.ts'
import type { ClassicGroup } from './classic-group.ts'
import { restartSession } from './rebalance.ts'

export function heartbeat(group: ClassicGroup, input: GroupInput, request: HeartbeatRequest, turn: Turn): void {
  turn.reply(input.id, heartbeatAnswer(beat(group, request, turn)))
}

function beat(group: ClassicGroup, request: HeartbeatRequest, turn: Turn): ErrorName {
  const fenced = group.fenceMember(request.memberId, request.groupInstanceId)
  if (fenced !== null) return fenced
  if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  const member = group.members.get(request.memberId)
  if (member === undefined || group.state === 'Empty') return 'UNKNOWN_MEMBER_ID'
  restartSession(group, member, turn)
  return group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
}
