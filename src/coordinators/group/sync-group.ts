import type { ErrorName } from '../../../protocol/errors.ts'
import type { ClassicGroup } from './classic-group.ts'
import { emptyAssignment } from './classic-member.ts'
import type { GroupInput, SyncGroupRequest } from './group-request.ts'
import { rebalanceOrCompleteJoin, resetAssignments, restartSession, syncArrived } from './rebalance.ts'
import { groupMetadata } from './records.ts'
import { synced, syncRefusal } from './responses.ts'
import type { Turn } from './turn.ts'

export function syncGroup(group: ClassicGroup, input: GroupInput, request: SyncGroupRequest, turn: Turn): void {
  const error = refusalOf(group, request)
  const member = group.members.get(request.memberId)
  if (error !== null || member === undefined) {
    turn.reply(input.id, syncRefusal(error ?? 'UNKNOWN_MEMBER_ID'))
    return
  }
  syncArrived(group, member.id, turn)
  if (group.state === 'Stable') {
    turn.reply(input.id, synced(group, member.assignment))
    return
  }
  // As with joins: Kafka leaves the older request without an answer.
  if (member.parkedSync !== null) turn.reply(member.parkedSync, syncRefusal('REBALANCE_IN_PROGRESS'))
  member.parkedSync = input.id
  if (group.isLeader(member.id)) assign(group, request, turn)
}

function refusalOf(group: ClassicGroup, request: SyncGroupRequest): ErrorName | null {
  if (group.state === 'Empty') return 'UNKNOWN_MEMBER_ID'
  const fenced = group.fenceMember(request.memberId, request.groupInstanceId)
  if (fenced !== null) return fenced
  if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  if (differs(request.protocolType, group.protocolType)) return 'INCONSISTENT_GROUP_PROTOCOL'
  if (differs(request.protocolName, group.protocolName)) return 'INCONSISTENT_GROUP_PROTOCOL'
  return group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : null
}

const differs = (asked: string | null, known: string | null): boolean => asked !== null && known !== null && asked !== known

/** The leader's assignment is what makes the generation: once it is written, all that wait for theirs are answered. */
function assign(group: ClassicGroup, request: SyncGroupRequest, turn: Turn): void {
  const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  const assignmentOf = ({ id }: { readonly id: string }): Buffer => assignments.get(id) ?? emptyAssignment
  const record = groupMetadata(group, assignmentOf)
  if (!turn.fitsBatch([record])) {
    resetAssignments(group, 'UNKNOWN_SERVER_ERROR', turn)
    rebalanceOrCompleteJoin(group, turn)
    return
  }
  turn.record(record)
  for (const member of group.members) {
    if (member.parkedSync === null) continue
    turn.reply(member.parkedSync, synced(group, assignmentOf(member)))
    member.parkedSync = null
    restartSession(group, member, turn)
  }
}
