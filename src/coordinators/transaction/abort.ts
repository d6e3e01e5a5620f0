import type { ErrorName } from '../../../protocol/errors.ts'
import type { Waiting } from './drawn-producer-ids.ts'
import { endlessTimeoutMs, noProducerId, type Transaction } from './transaction.ts'
import { abortTimedOutTimer } from './transaction-timer.ts'
import { fenced, takesProducerId } from './transitions.ts'
import type { Turn } from './turn.ts'

/**
 * Aborts an open transaction without the producer that has it, which is fenced; in the coordinator's own transaction
 * version. Gives what another producer is told meanwhile; null: it waits for a producer id.
 */
export function abortFencing(open: Transaction, waiting: Waiting, turn: Turn): ErrorName | null {
  const { nowMs, transactionVersion } = turn
  let nextProducerId = noProducerId
  if (takesProducerId(open, transactionVersion)) {
    const drawn = turn.drawProducerId(open.transactionalId, waiting)
    if (drawn === null) return null
    // What timed out comes again with the next interval.
    if (drawn.kind === 'refused') return drawn.error
    nextProducerId = drawn.producerId
  }
  turn.write(fenced(open, { transactionVersion, nowMs }, nextProducerId))
  return 'CONCURRENT_TRANSACTIONS'
}

/** Aborts what has been open for longer than its producer allowed. */
export function abortTimedOut(transactions: Iterable<Transaction>, turn: Turn): void {
  for (const transaction of transactions) {
    if (isTimedOut(transaction, turn) && !turn.isPending(transaction.transactionalId))
      abortFencing(transaction, 'timed-out', turn)
  }
  turn.setTimer(abortTimedOutTimer, turn.settings.abortTimedOutIntervalMs)
}

function isTimedOut({ state, startTimestamp, timeoutMs }: Transaction, turn: Turn): boolean {
  if (state !== 'Ongoing' || timeoutMs === endlessTimeoutMs) return false
  return startTimestamp + BigInt(timeoutMs) < BigInt(turn.nowMs)
}
