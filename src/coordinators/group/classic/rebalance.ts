import type { ErrorName } from '../../../../protocol/errors.ts'
import { joinTimer, sessionTimer, syncTimer } from '../group-timer.ts'
import { groupMetadata } from '../records.ts'
import { joinedGeneration, joinRefusal, syncRefusal } from '../responses.ts'
import type { Turn } from '../turn.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, emptyAssignment } from './classic-member.ts'

/** A group of static members alone asks again after its rebalance timeout; clients choose that, also 0. */
const postponedJoinMinMs = 1000

/** Whatever stands for a change of the members: a rebalance begins, or the one under way may now be complete. */
export function rebalanceOrCompleteJoin(group: ClassicGroup, turn: Turn): void {
  if (group.state === 'PreparingRebalance') completeJoinIfAll(group, turn)
  else prepareRebalance(group, turn)
}

export function prepareRebalance(group: ClassicGroup, turn: Turn): void {
  if (group.state === 'CompletingRebalance') resetAssignments(group, 'REBALANCE_IN_PROGRESS', turn)
  stopWaitingForSyncs(group, turn)
  const begins = group.state === 'Empty'
  group.prepareRebalance(turn.nowMs)
  if (begins) beginInitialDelay(group, turn)
  else if (group.hasAllMembersJoined) completeJoin(group, turn)
  else turn.setTimer(joinTimer(group.groupId), group.members.rebalanceTimeoutMs())
}

/** An initial rebalance waits for its delay, so that members that start together share a generation (KIP-134). */
export function completeJoinIfAll(group: ClassicGroup, turn: Turn): void {
  if (group.state !== 'PreparingRebalance' || group.isInitialRebalance) return
  if (group.hasAllMembersJoined) completeJoin(group, turn)
}

function beginInitialDelay(group: ClassicGroup, turn: Turn): void {
  const delayMs = turn.settings.initialRebalanceDelayMs
  group.initialDelay = { delayMs, remainingMs: Math.max(group.members.rebalanceTimeoutMs() - delayMs, 0) }
  group.memberJoinedInDelay = false
  turn.setTimer(joinTimer(group.groupId), delayMs)
}

export function joinTimerExpired(group: ClassicGroup, turn: Turn): void {
  if (group.state !== 'PreparingRebalance') return
  const { initialDelay } = group
  if (initialDelay !== null && group.memberJoinedInDelay && initialDelay.remainingMs !== 0) {
    const { delayMs, remainingMs } = initialDelay
    const nextDelayMs = Math.min(turn.settings.initialRebalanceDelayMs, remainingMs)
    group.memberJoinedInDelay = false
    group.initialDelay = { delayMs: nextDelayMs, remainingMs: Math.max(remainingMs - delayMs, 0) }
    turn.setTimer(joinTimer(group.groupId), nextDelayMs)
  } else {
    completeJoin(group, turn)
  }
}

/** The next generation, of those that have joined; static members may be late (KIP-345). */
export function completeJoin(group: ClassicGroup, turn: Turn): void {
  turn.cancelTimer(joinTimer(group.groupId))
  group.initialDelay = null
  for (const member of [...group.members]) {
    if (member.parkedJoin === null && !member.isStatic) removeMember(group, member, turn)
  }
  if (!group.electJoinedLeader() && group.members.size > 0) {
    turn.setTimer(joinTimer(group.groupId), Math.max(group.members.rebalanceTimeoutMs(), postponedJoinMinMs))
    return
  }
  group.beginGeneration(turn.nowMs)
  if (group.state === 'Empty') turn.record(groupMetadata(group, () => emptyAssignment))
  else announceGeneration(group, turn)
}

function announceGeneration(group: ClassicGroup, turn: Turn): void {
  for (const member of group.members) {
    const join = group.members.unpark(member)
    if (join !== null) turn.reply(join.requestId, joinedGeneration(group, member.id, join.version))
    restartSession(group, member, turn)
    member.isNew = false
    group.pendingSyncs.add(member.id)
  }
  turn.setTimer(syncTimer(group.groupId), group.members.rebalanceTimeoutMs())
}

/** Who was told the generation and has not asked for its assignment is not there any more. */
export function syncTimerExpired(group: ClassicGroup, turn: Turn): void {
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  if (group.pendingSyncs.size === 0) return
  for (const memberId of [...group.pendingSyncs]) {
    const member = group.members.get(memberId)
    if (member === undefined) group.pendingSyncs.delete(memberId)
    else removeMember(group, member, turn)
  }
  prepareRebalance(group, turn)
}

export function sessionTimerExpired(group: ClassicGroup, memberId: string, turn: Turn): void {
  if (group.pendingMembers.has(memberId)) {
    group.remove(memberId)
    turn.ties.forget(group.groupId, memberId, turn)
    if (group.state === 'PreparingRebalance' && group.hasAllMembersJoined) completeJoin(group, turn)
    return
  }
  const member = group.members.get(memberId)
  if (member === undefined || member.isExcusedFromHeartbeats) return
  removeSilentMember(group, member, turn)
}

/** Its connection has ended. Unlike where its session ends it goes though it waits for the group: nobody is there to be answered. */
export function evictionTimerExpired(group: ClassicGroup, memberId: string, turn: Turn): void {
  const member = group.members.get(memberId)
  if (member !== undefined && !member.isStatic) removeSilentMember(group, member, turn)
}

function removeSilentMember(group: ClassicGroup, member: ClassicMember, turn: Turn): void {
  removeMember(group, member, turn)
  if (group.state === 'Stable' || group.state === 'CompletingRebalance') prepareRebalance(group, turn)
  // Unlike where a member leaves, Kafka does not wait for the initial delay here.
  else if (group.state === 'PreparingRebalance' && group.hasAllMembersJoined) completeJoin(group, turn)
}

/** What the member waits for is answered, so that a client which is still there begins anew. */
export function removeMember(group: ClassicGroup, member: ClassicMember, turn: Turn): void {
  const sync = group.members.unparkSync(member)
  const join = group.members.unpark(member)
  if (join !== null) turn.reply(join.requestId, joinRefusal('', 'UNKNOWN_MEMBER_ID'))
  if (sync !== null) turn.reply(sync.requestId, syncRefusal('UNKNOWN_MEMBER_ID'))
  turn.cancelTimer(sessionTimer(group.groupId, member.id))
  turn.ties.forget(group.groupId, member.id, turn)
  group.remove(member.id)
}

export function restartSession(
  group: ClassicGroup,
  member: ClassicMember,
  turn: Turn,
  timeoutMs = member.sessionTimeoutMs,
): void {
  turn.setTimer(sessionTimer(group.groupId, member.id), timeoutMs)
}

export function syncArrived(group: ClassicGroup, memberId: string, turn: Turn): void {
  if (group.pendingSyncs.delete(memberId) && group.pendingSyncs.size === 0) turn.cancelTimer(syncTimer(group.groupId))
}

/** The generation is given up before its assignment was known. */
export function resetAssignments(group: ClassicGroup, error: ErrorName, turn: Turn): void {
  for (const member of group.members) {
    group.members.setAssignment(member, emptyAssignment)
    const sync = group.members.unparkSync(member)
    if (sync === null) continue
    turn.reply(sync.requestId, syncRefusal(error))
    restartSession(group, member, turn)
  }
}

function stopWaitingForSyncs(group: ClassicGroup, turn: Turn): void {
  if (group.pendingSyncs.size > 0) turn.cancelTimer(syncTimer(group.groupId))
  group.pendingSyncs.clear()
}
