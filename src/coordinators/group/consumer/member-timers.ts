import { rebalanceTimer, sessionTimer } from '../group-timer.ts'
import type { Turn } from '../turn.ts'
import type { ConsumerMember } from './consumer-member.ts'

export function restartMemberSession(groupId: string, memberId: string, turn: Turn): void {
  turn.setTimer(sessionTimer(groupId, memberId), turn.consumerConfig(groupId).sessionTimeoutMs)
}

/** Who has to give partitions up has its rebalance timeout to do so. */
export function setRebalanceTimer(groupId: string, { id, rebalanceTimeoutMs }: ConsumerMember, turn: Turn): void {
  turn.setTimer(rebalanceTimer(groupId, id), Math.max(0, rebalanceTimeoutMs))
}

export function cancelMemberTimers(groupId: string, memberId: string, turn: Turn): void {
  turn.cancelTimer(sessionTimer(groupId, memberId))
  turn.cancelTimer(rebalanceTimer(groupId, memberId))
  turn.ties.forget(groupId, memberId, turn)
}
