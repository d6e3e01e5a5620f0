import { transactionTombstone } from './records.ts'
import type { Transaction } from './transaction.ts'
import { isIdle } from './transaction-state.ts'
import { removeExpiredTimer } from './transaction-timer.ts'
import type { Turn } from './turn.ts'

/** What expires beyond this comes with the next decision, at once, so that others have their turn. */
const tombstonesMax = 1000

/** Removes transactional ids without an open transaction whose last record is too old. */
export function removeExpiredIds(transactions: Iterable<Transaction>, turn: Turn): void {
  const until = BigInt(turn.nowMs - turn.settings.idExpirationMs)
  for (const { transactionalId, state, lastUpdateTimestamp } of transactions) {
    if (!isIdle(state) || lastUpdateTimestamp > until || turn.isPending(transactionalId)) continue
    if (turn.recordCount >= tombstonesMax) {
      turn.setTimer(removeExpiredTimer, 0)
      return
    }
    turn.record(transactionTombstone(transactionalId))
  }
  turn.setTimer(removeExpiredTimer, turn.settings.removeExpiredIntervalMs)
}
