import type { ErrorName } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import { clientHostText } from '../client-host.ts'
import type { GroupInput, JoinGroupRequest, JoinGroupResponse } from '../group-request.ts'
import { newMemberJoinTimeoutMs } from '../group-settings.ts'
import { sessionTimer } from '../group-timer.ts'
import { groupMetadata } from '../records.ts'
import { joined, joinedGeneration, joinRefusal, noRoomError, syncRefusal } from '../responses.ts'
import { groupNamesBytes, identityBytes, parkedJoinBytes, protocolsBytes } from '../retained-bytes.ts'
import type { Turn } from '../turn.ts'
import type { ClassicGroup } from './classic-group.ts'
import { ClassicMember, type ParkedJoin } from './classic-member.ts'
import { completeJoinIfAll, prepareRebalance, rebalanceOrCompleteJoin, removeMember, restartSession } from './rebalance.ts'

/** A JoinGroup on its way: what it is answered by, and what it asks. */
interface Join {
  readonly input: GroupInput
  readonly request: JoinGroupRequest
  readonly group: ClassicGroup
  readonly turn: Turn
}

/** From this version on a member must ask with an id, and is given one if it has none (KIP-394). */
export const memberIdRequiredVersion = 4
/** From this version on a static leader that comes back is told the members and not to assign (KIP-814). */
const skipAssignmentVersion = 9
/** No string of the protocol is longer. */
const stringBytesMax = 32_767

export function joinGroup(group: ClassicGroup, input: GroupInput, request: JoinGroupRequest, turn: Turn): void {
  const join = { input, request, group, turn }
  if (!hasRoom(join)) {
    const member = group.members.get(request.memberId)
    if (member === undefined) removePending(join)
    else removeMember(group, member, turn)
    refuse(join, '', 'GROUP_MAX_SIZE_REACHED')
  } else if (!group.supports(request.protocolType, request.protocols)) {
    refuse(join, request.memberId, 'INCONSISTENT_GROUP_PROTOCOL')
  } else if (request.memberId === '') {
    joinAsNew(join)
  } else {
    joinAsKnown(join)
  }
}

/** Why a JoinGroup is too large, whatever else it asks; null if it is not. Without its group where there is none yet. */
export function sizeRefusal(
  group: ClassicGroup | undefined,
  input: GroupInput,
  request: JoinGroupRequest,
  turn: Turn,
): ErrorName | null {
  // No record could hold it. Kafka takes it, and then refuses the whole group its assignment with this error.
  if (request.protocols.some(({ metadata }) => metadata.length >= turn.settings.batchBytesMax)) return 'UNKNOWN_SERVER_ERROR'
  return turn.hasRoom(growthBytes(group, input, request)) ? null : noRoomError
}

/** How much more the group would keep in memory; a member that asks again for the same needs nothing. */
function growthBytes(group: ClassicGroup | undefined, input: GroupInput, request: JoinGroupRequest): number {
  const { memberId, groupInstanceId, protocols } = request
  const askedBytes = protocolsBytes(protocols) + parkedJoinBytes(request)
  const id = memberId === '' && groupInstanceId !== null ? group?.members.idOfInstance(groupInstanceId) : memberId
  const member = group?.members.get(id ?? '')
  if (member !== undefined) return askedBytes - member.protocolsBytes
  const isUnknown = memberId !== '' && !group?.pendingMembers.has(memberId)
  if (isUnknown) return 0
  const { clientId } = input.caller
  const newId = memberId === '' ? newMemberId(groupInstanceId ?? clientId, '') : memberId
  const ownBytes = identityBytes({ id: newId, instanceId: groupInstanceId, clientId })
  return ownBytes + groupNamesBytes(request.groupId, request.protocolType) + askedBytes
}

const answer = ({ input, turn }: Join, response: JoinGroupResponse): void => turn.reply(input.id, response)

const refuse = (join: Join, memberId: string, error: ErrorName): void => answer(join, joinRefusal(memberId, error))

/** In a rebalance those count that have joined, so that the last ones are turned away if the maximum was lowered. */
function hasRoom({ group, request, turn }: Join): boolean {
  const { membersMax } = turn.settings
  const member = group.members.get(request.memberId)
  switch (group.state) {
    case 'Empty':
      return true
    case 'PreparingRebalance':
      return (member !== undefined && member.parkedJoin !== null) || group.members.parkedJoinCount < membersMax
    default:
      return member !== undefined || group.members.size < membersMax
  }
}

function removePending({ request, group, turn }: Join): void {
  group.remove(request.memberId)
  turn.ties.forget(group.groupId, request.memberId, turn)
}

const newMemberId = (name: string, uuid: string): string => `${name}-${uuid}`

function joinAsNew(join: Join): void {
  const { input, request, group, turn } = join
  const { groupInstanceId } = request
  const memberId = newMemberId(groupInstanceId ?? input.caller.clientId, turn.random.uuid())
  if (Buffer.byteLength(memberId) > stringBytesMax) {
    // Neither an answer nor a record could hold it, so that the coordinator would fail over it.
    refuse(join, '', 'UNKNOWN_SERVER_ERROR')
  } else if (groupInstanceId !== null) {
    const existing = group.members.get(group.members.idOfInstance(groupInstanceId) ?? '')
    if (existing === undefined) addMember(join, memberId)
    else replaceStaticMember(join, existing, memberId)
  } else if (input.caller.version < memberIdRequiredVersion) {
    addMember(join, memberId)
    isItsFirstRequest(join, memberId)
  } else if (group.pendingMembers.size >= turn.settings.pendingMembersMax) {
    refuse(join, '', 'GROUP_MAX_SIZE_REACHED')
  } else {
    group.addPending(memberId)
    turn.setTimer(sessionTimer(group.groupId, memberId), request.sessionTimeoutMs)
    isItsFirstRequest(join, memberId)
    refuse(join, memberId, 'MEMBER_ID_REQUIRED')
  }
}

/** The member could not name itself yet. */
function isItsFirstRequest({ input, group, turn }: Join, memberId: string): void {
  turn.ties.named(group.groupId, memberId, { connection: input.caller.connection, by: 'join' }, turn)
}

/** Version 0 knows no rebalance timeout. */
export const rebalanceTimeoutMs = (request: JoinGroupRequest, version: number): number =>
  version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs

function addMember(join: Join, memberId: string): void {
  const { input, request, group, turn } = join
  const member = new ClassicMember({
    id: memberId,
    instanceId: request.groupInstanceId,
    clientId: input.caller.clientId,
    clientHost: clientHostText(input.caller.clientHost),
    rebalanceTimeoutMs: rebalanceTimeoutMs(request, input.caller.version),
    sessionTimeoutMs: request.sessionTimeoutMs,
    protocols: request.protocols,
  })
  member.isNew = true
  member.parkedJoin = parkedJoin(join)
  if (group.isInitialRebalance) group.memberJoinedInDelay = true
  group.add(member, request.protocolType)
  // It cannot send heartbeats while it waits; should its client be gone, the rebalance must not wait for it for ever.
  restartSession(group, member, turn, newMemberJoinTimeoutMs)
  rebalanceOrCompleteJoin(group, turn)
}

function joinAsKnown(join: Join): void {
  const { input, request, group, turn } = join
  const { memberId, groupInstanceId } = request
  if (group.pendingMembers.has(memberId)) {
    // Ids are given out to dynamic members only.
    if (groupInstanceId !== null) refuse(join, '', 'UNKNOWN_SERVER_ERROR')
    else addMember(join, memberId)
    return
  }
  const fenced = group.fenceMember(memberId, groupInstanceId)
  const member = group.members.get(memberId)
  if (fenced !== null || member === undefined) {
    refuse(join, memberId, fenced ?? 'UNKNOWN_MEMBER_ID')
  } else if (group.state === 'Empty') {
    refuse(join, memberId, 'UNKNOWN_MEMBER_ID')
  } else if (isRepeated(group, member, request)) {
    // It missed its answer, or asks without need: it is told the generation that there is.
    answer(join, joinedGeneration(group, memberId, input.caller.version))
  } else {
    update(join, member)
    park(join, member)
    rebalanceOrCompleteJoin(group, turn)
  }
}

/** A leader of a stable group asks because something beyond the metadata changed, such as its topics' partitions. */
function isRepeated(group: ClassicGroup, member: ClassicMember, request: JoinGroupRequest): boolean {
  if (group.state === 'PreparingRebalance') return false
  if (group.state === 'Stable' && group.isLeader(member.id)) return false
  return member.matches(request.protocols)
}

const parkedJoin = ({ input, request }: Join): ParkedJoin => ({
  requestId: input.id,
  version: input.caller.version,
  bytes: parkedJoinBytes(request),
})

function park(join: Join, member: ClassicMember): void {
  const { group, turn } = join
  const former = group.members.park(member, parkedJoin(join))
  // Kafka leaves the older request without an answer; whoever still waits for it does better to ask again.
  if (former !== null) turn.reply(former.requestId, joinRefusal(member.id, 'REBALANCE_IN_PROGRESS'))
}

function update(join: Join, member: ClassicMember): void {
  const { input, request, group } = join
  group.members.setProtocols(member, request.protocols)
  member.rebalanceTimeoutMs = rebalanceTimeoutMs(request, input.caller.version)
  member.sessionTimeoutMs = request.sessionTimeoutMs
}

/** A static member that lost its id, as after a restart of its process: it takes the place of its former self. */
function replaceStaticMember(join: Join, old: ClassicMember, newId: string): void {
  const { group, turn } = join
  const { leaderId } = group
  fenceFormer(join, old)
  const member = group.replaceStaticMember(old, newId)
  turn.cancelTimer(sessionTimer(group.groupId, old.id))
  restartSession(group, member, turn)
  update(join, member)
  if (group.state === 'Stable' && group.members.selectProtocol() === group.protocolName) {
    const record = groupMetadata(group, ({ assignment }) => assignment)
    if (turn.fitsBatch([record])) {
      answerReplaced(join, member, leaderId, record)
    } else {
      refuse(join, member.id, 'UNKNOWN_SERVER_ERROR')
      prepareRebalance(group, turn)
    }
    return
  }
  park(join, member)
  if (group.state === 'PreparingRebalance') completeJoinIfAll(group, turn)
  // In CompletingRebalance too: the leader assigns to the old id, so that the new one would go without (KAFKA-9801).
  else prepareRebalance(group, turn)
}

function fenceFormer({ group, turn }: Join, old: ClassicMember): void {
  const parked = group.members.unpark(old)
  if (parked !== null) turn.reply(parked.requestId, joinRefusal(old.id, 'FENCED_INSTANCE_ID'))
  const sync = group.members.unparkSync(old)
  if (sync !== null) turn.reply(sync.requestId, syncRefusal('FENCED_INSTANCE_ID'))
}

/**
 * The group stays as it is; only the new id is written. A leader of an older version is named its former id as the
 * leader, so that it takes itself for a follower and asks for its assignment instead of making one.
 */
function answerReplaced(join: Join, member: ClassicMember, formerLeaderId: string | null, record: CoordinatorRecord): void {
  const { input, group, turn } = join
  const { version } = input.caller
  const knowsSkipping = version >= skipAssignmentVersion
  const isLeader = knowsSkipping && group.isLeader(member.id)
  turn.record(record)
  const leaderId = knowsSkipping ? group.leaderId : formerLeaderId
  answer(join, joined(group, { memberId: member.id, version, withMembers: isLeader, leaderId, skipAssignment: isLeader }))
}
