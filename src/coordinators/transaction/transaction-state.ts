/**
 * Kafka's states of a transaction, each at the index that records hold. PrepareEpochFence is never written: it is a name
 * for Ongoing on its way to PrepareAbort; nor is Dead, a transactional id on its way out. With us neither lasts.
 */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

export type TransactionState = Exclude<(typeof transactionStates)[number], 'Dead' | 'PrepareEpochFence'>

export type PreparedState = 'PrepareCommit' | 'PrepareAbort'

/**
 * The end is decided and its markers are on their way. To Kafka, Complete* is pending from here on: whoever would change
 * the transaction is told CONCURRENT_TRANSACTIONS, before anything else of him is looked at.
 */
export const isPrepared = (state: TransactionState): state is PreparedState =>
  state === 'PrepareCommit' || state === 'PrepareAbort'

/** No transaction is open: an InitProducerId is answered at once, and the transactional id may expire. */
export const isIdle = (state: TransactionState): boolean => state !== 'Ongoing' && !isPrepared(state)
