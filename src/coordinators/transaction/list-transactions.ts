import type { Transaction } from './transaction.ts'
import type { ListTransactionsRequest, ListTransactionsResponse } from './transaction-request.ts'
import { transactionStates } from './transaction-state.ts'

/**
 * Those that pass every filter but that of the id's pattern, which the runtime applies once to what all partitions gave.
 * A filter that names nothing lets all pass.
 */
export function listTransactions(
  transactions: Iterable<Transaction>,
  request: ListTransactionsRequest,
  nowMs: number,
): ListTransactionsResponse {
  const states = new Set(request.stateFilters)
  const names: ReadonlySet<string> = new Set(transactionStates)
  const passes = filterOf(request, states, BigInt(nowMs))
  return {
    errorCode: 0,
    unknownStateFilters: [...states].filter((state) => !names.has(state)),
    transactionStates: [...transactions]
      .filter(passes)
      .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, transactionState: state })),
  }
}

function filterOf(
  { producerIdFilters, durationFilter = -1n }: ListTransactionsRequest,
  states: ReadonlySet<string>,
  now: bigint,
): (transaction: Transaction) => boolean {
  const producerIds = new Set(producerIdFilters)
  return ({ producerId, state, startTimestamp }) => {
    if (producerIds.size > 0 && !producerIds.has(producerId)) return false
    if (states.size > 0 && !states.has(state)) return false
    // One that never began counts from -1, as in Kafka, and so lasts longer than anything.
    return durationFilter < 0n || now - startTimestamp > durationFilter
  }
}
