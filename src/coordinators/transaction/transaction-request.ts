import type { ErrorName } from '../../../protocol/errors.ts'
import type { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import type { endTxn } from '../../../protocol/messages/end-txn.ts'
import type { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import type { listTransactions } from '../../../protocol/messages/list-transactions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { Input, Producer } from '../machine.ts'

export type InitProducerIdRequest = RequestOf<typeof initProducerId>
export type InitProducerIdResponse = ResponseOf<typeof initProducerId>
export type EndTxnRequest = RequestOf<typeof endTxn>
export type EndTxnResponse = ResponseOf<typeof endTxn>
export type DescribedTransaction = ResponseOf<typeof describeTransactions>['transactionStates'][number]
export type ListTransactionsRequest = RequestOf<typeof listTransactions>
export type ListTransactionsResponse = ResponseOf<typeof listTransactions>

export interface TransactionPartition {
  readonly topic: string
  readonly partition: number
}

/** AddPartitionsToTxn of one transaction, AddOffsetsToTxn (its partition of `__consumer_offsets`), or what a leader asks before a first write. */
export interface AddPartitions {
  readonly transactionalId: string
  readonly producer: Producer
  readonly partitions: readonly TransactionPartition[]
  /** Adds nothing: only tells which of the partitions are in the open transaction (KIP-890, transaction version 1). */
  readonly verifyOnly: boolean
  /**
   * What the producer speaks: 2 where a leader adds what it is written to (AddPartitionsToTxn 4 and later), 0 in what a
   * producer asks itself. AddOffsetsToTxn is 0 in every version. The caller's version only says which errors it knows.
   */
  readonly transactionVersion: 0 | 2
}

export interface AddPartitionsAnswer {
  /** Of the whole: nothing was added, or nothing could be verified. */
  readonly errorCode: number
  /** With `verifyOnly`: those that are not in the transaction. */
  readonly missing: readonly TransactionPartition[]
}

/**
 * What is asked of the coordinator of a transactional id. `response` is never set: its type says what answers the
 * request. InitProducerId comes here only with a transactional id.
 */
export type TransactionRequest =
  | { readonly api: 'InitProducerId'; readonly request: InitProducerIdRequest; readonly response?: InitProducerIdResponse }
  | { readonly api: 'AddPartitions'; readonly request: AddPartitions; readonly response?: AddPartitionsAnswer }
  | { readonly api: 'EndTxn'; readonly request: EndTxnRequest; readonly response?: EndTxnResponse }
  | { readonly api: 'DescribeTransaction'; readonly transactionalId: string; readonly response?: DescribedTransaction }
  /**
   * Of one partition of `__transaction_state`; the runtime puts the answers together, and leaves those whose id matches
   * the pattern: here it counts for nothing.
   */
  | { readonly api: 'ListTransactions'; readonly request: ListTransactionsRequest; readonly response?: ListTransactionsResponse }

/** What only the runtime can do; run when what the decision wrote is durable, and after a restart once more. */
export type TransactionEffect =
  | {
      readonly kind: 'producer-id'
      readonly transactionalId: string /** Tells apart what was asked when. */
      readonly token: number
    }
  /** To every partition of the transaction, again and again until each has it or is deleted. */
  | {
      readonly kind: 'markers'
      readonly transactionalId: string
      /** The id and the epoch that stand in the markers. */
      readonly producer: Producer
      readonly commit: boolean
      /** 2: each transaction has an epoch of its own (KIP-890). */
      readonly transactionVersion: number
      readonly partitions: readonly TransactionPartition[]
    }

export type TransactionResult =
  | { readonly kind: 'producer-id'; readonly producerId: bigint }
  | { readonly kind: 'refused'; readonly error: ErrorName }
  /** Every partition has its marker, or is gone. */
  | { readonly kind: 'markers-written' }

/** A request as the machine gets it: with the id that its answer goes by, and who asks. */
export type TransactionInput = Extract<Input<TransactionRequest, TransactionEffect, TransactionResult>, { kind: 'request' }>
