import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { Transaction } from './transaction.ts'
import type { DescribedTransaction } from './transaction-request.ts'

export function describeTransaction(transactionalId: string, known: Transaction | undefined): DescribedTransaction {
  if (transactionalId === '') return refusal(transactionalId, 'INVALID_REQUEST')
  if (known === undefined) return refusal(transactionalId, 'TRANSACTIONAL_ID_NOT_FOUND')
  return {
    errorCode: 0,
    transactionalId,
    transactionState: known.state,
    transactionTimeoutMs: known.timeoutMs,
    transactionStartTimeMs: known.startTimestamp,
    producerId: known.producerId,
    producerEpoch: known.producerEpoch,
    topics: [...known.partitions].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
  }
}

/** Kafka leaves all else at zero, not at -1. */
function refusal(transactionalId: string, error: ErrorName): DescribedTransaction {
  return {
    errorCode: errorCode(error),
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0n,
    producerId: 0n,
    producerEpoch: 0,
    topics: [],
  }
}
