import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { ClassicGroup } from './classic/classic-group.ts'
import { emptyAssignment } from './classic/classic-member.ts'
import type { HeartbeatResponse, JoinGroupResponse, SyncGroupResponse } from './group-request.ts'

export function joinRefusal(memberId: string, error: ErrorName): JoinGroupResponse {
  return { errorCode: errorCode(error), memberId, leader: '', members: [] }
}

/**
 * What a JoinGroup or SyncGroup is answered whose bytes have no room in memory. In both it makes the consumers of Java,
 * librdkafka and kafkajs wait and ask again. GROUP_MAX_SIZE_REACHED would end those of Java and kafkajs, and
 * COORDINATOR_LOAD_IN_PROGRESS, which would spare the look-up of the coordinator, ends Java's in SyncGroup.
 */
export const noRoomError = 'COORDINATOR_NOT_AVAILABLE'

interface JoinAnswer {
  readonly memberId: string
  readonly version: number
  /** Only a leader that has to assign is told who the members are. */
  readonly withMembers: boolean
  /** Not always the group's: see where static members are replaced. */
  readonly leaderId: string | null
  readonly skipAssignment: boolean
}

/** The generation that the member now belongs to. */
export function joined(group: ClassicGroup, answer: JoinAnswer): JoinGroupResponse {
  const { memberId, version, withMembers, leaderId, skipAssignment } = answer
  return {
    errorCode: 0,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName ?? (version >= 7 ? null : ''),
    leader: leaderId ?? '',
    skipAssignment,
    memberId,
    members: withMembers ? membersFor(group) : [],
  }
}

const membersFor = (group: ClassicGroup): JoinGroupResponse['members'] =>
  [...group.members].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    metadata: member.metadata(group.protocolName) ?? Buffer.alloc(0),
  }))

/** As a member hears it that has joined as all do. */
export function joinedGeneration(group: ClassicGroup, memberId: string, version: number): JoinGroupResponse {
  const { leaderId } = group
  return joined(group, { memberId, version, withMembers: group.isLeader(memberId), leaderId, skipAssignment: false })
}

export function syncRefusal(error: ErrorName): SyncGroupResponse {
  return { errorCode: errorCode(error), assignment: emptyAssignment }
}

export function synced(group: ClassicGroup, assignment: Buffer): SyncGroupResponse {
  return { errorCode: 0, protocolType: group.protocolType, protocolName: group.protocolName, assignment }
}

export function heartbeatAnswer(error: ErrorName): HeartbeatResponse {
  return { errorCode: errorCode(error) }
}
