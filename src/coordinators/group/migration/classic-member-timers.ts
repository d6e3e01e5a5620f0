import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { ConsumerMember } from '../consumer/consumer-member.ts'
import { memberJoinTimer, memberSyncTimer, sessionTimer } from '../group-timer.ts'
import type { Turn } from '../turn.ts'

/** A classic member chose its session timeout itself. */
export function restartClassicSession({ groupId }: ConsumerGroup, { id, classic }: ConsumerMember, turn: Turn): void {
  if (classic !== null) turn.setTimer(sessionTimer(groupId, id), classic.sessionTimeoutMs)
}

/** The member was told to join again. That it is told so once more does not give it more time. */
export function awaitJoin(group: ConsumerGroup, { id, rebalanceTimeoutMs }: ConsumerMember, turn: Turn): void {
  if (group.awaitedJoins.has(id)) return
  group.awaitedJoins.add(id)
  turn.setTimer(memberJoinTimer(group.groupId, id), rebalanceTimeoutMs)
}

/** The member has joined: it has its rebalance timeout to ask for its assignment. */
export function awaitSync(group: ConsumerGroup, { id, rebalanceTimeoutMs }: ConsumerMember, turn: Turn): void {
  endAwaitedJoin(group, id, turn)
  turn.setTimer(memberSyncTimer(group.groupId, id), rebalanceTimeoutMs)
}

function endAwaitedJoin(group: ConsumerGroup, memberId: string, turn: Turn): void {
  if (group.awaitedJoins.delete(memberId)) turn.cancelTimer(memberJoinTimer(group.groupId, memberId))
}

export function syncArrived({ groupId }: ConsumerGroup, memberId: string, turn: Turn): void {
  turn.cancelTimer(memberSyncTimer(groupId, memberId))
}

/** The member is gone, or not a member of this kind of group any more. */
export function cancelClassicTimers(group: ConsumerGroup, memberId: string, turn: Turn): void {
  endAwaitedJoin(group, memberId, turn)
  turn.cancelTimer(memberSyncTimer(group.groupId, memberId))
}
