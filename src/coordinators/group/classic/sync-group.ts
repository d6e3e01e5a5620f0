import type { ErrorName } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { GroupInput, SyncGroupRequest } from '../group-request.ts'
import { groupMetadata } from '../records.ts'
import { noRoomError, synced, syncRefusal } from '../responses.ts'
import { parkedSyncBytes } from '../retained-bytes.ts'
import type { Turn } from '../turn.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, emptyAssignment } from './classic-member.ts'
import { rebalanceOrCompleteJoin, resetAssignments, restartSession, syncArrived } from './rebalance.ts'

export function syncGroup(group: ClassicGroup, input: GroupInput, request: SyncGroupRequest, turn: Turn): void {
  const error = refusalOf(group, request)
  const member = group.members.get(request.memberId)
  if (error !== null || member === undefined) {
    turn.reply(input.id, syncRefusal(error ?? 'UNKNOWN_MEMBER_ID'))
    return
  }
  const isLeader = group.isLeader(member.id)
  const bytes = isLeader ? 0 : parkedSyncBytes(request)
  if (group.state === 'CompletingRebalance' && !turn.hasRoom(bytes)) {
    turn.reply(input.id, syncRefusal(noRoomError))
    return
  }
  syncArrived(group, member.id, turn)
  if (group.state === 'Stable') {
    turn.reply(input.id, synced(group, member.assignment))
    return
  }
  // As with joins: Kafka leaves the older request without an answer.
  const former = group.members.parkSync(member, { requestId: input.id, bytes })
  if (former !== null) turn.reply(former.requestId, syncRefusal('REBALANCE_IN_PROGRESS'))
  if (isLeader) assign(group, request, turn)
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

function whyNotKept(
  group: ClassicGroup,
  record: CoordinatorRecord,
  assignmentOf: (member: ClassicMember) => Buffer,
  turn: Turn,
): ErrorName | null {
  if (!turn.fitsBatch([record])) return 'UNKNOWN_SERVER_ERROR'
  let growthBytes = 0
  for (const member of group.members) growthBytes += assignmentOf(member).length - member.assignment.length
  return turn.hasRoom(growthBytes) ? null : noRoomError
}

/** The leader's assignment is what makes the generation: once it is written, all that wait for theirs are answered. */
function assign(group: ClassicGroup, request: SyncGroupRequest, turn: Turn): void {
  const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  const assignmentOf = ({ id }: ClassicMember): Buffer => assignments.get(id) ?? emptyAssignment
  const record = groupMetadata(group, assignmentOf)
  const error = whyNotKept(group, record, assignmentOf, turn)
  if (error !== null) {
    resetAssignments(group, error, turn)
    rebalanceOrCompleteJoin(group, turn)
    return
  }
  turn.record(record)
  for (const member of group.members) {
    const sync = group.members.unparkSync(member)
    if (sync === null) continue
    turn.reply(sync.requestId, synced(group, assignmentOf(member)))
    restartSession(group, member, turn)
  }
}
