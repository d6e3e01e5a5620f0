import { type ErrorName, KafkaError } from '../../../protocol/errors.ts'
import { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import type { Transaction } from './transaction.ts'
import type { DescribedTransaction } from './transaction-request.ts'

export function describeTransaction(transactionalId: string, known: Transaction | undefined): DescribedTransaction {
  if (transactionalId === '') return notDescribed(transactionalId, 'INVALID_REQUEST')
  if (known === undefined) return notDescribed(transactionalId, 'TRANSACTIONAL_ID_NOT_FOUND')
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

export function notDescribed(transactionalId: string, error: ErrorName): DescribedTransaction {
  return describeTransactions.refuse({ transactionalIds: [transactionalId] }, new KafkaError(error)).transactionStates[0]!
}
