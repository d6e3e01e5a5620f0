import {
  addPartitions,
  fencingEpoch,
  isExhausted,
  noPartitions,
  noProducerEpoch,
  noProducerId,
  noTimestamp,
  type Transaction,
} from './transaction.ts'
import type { TransactionPartition } from './transaction-request.ts'

// Each way from one state to the next, as Kafka writes it. Whoever calls has checked that the way is open.

/** `transaction.version` 2: each transaction has an epoch of its own, so that a late request cannot end the next (KIP-890). */
export const bumpsEpochs = (transactionVersion: number): boolean => transactionVersion >= 2

/** Whose producer it is from now on: what InitProducerId was asked for and has found. */
export interface InitializedProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
}

export function initialized(before: Transaction, producer: InitializedProducer, nowMs: number): Transaction {
  return {
    ...before,
    ...producer,
    previousProducerId: before.producerId,
    state: 'Empty',
    partitions: noPartitions,
    startTimestamp: noTimestamp,
    lastUpdateTimestamp: BigInt(nowMs),
  }
}

export function withPartitions(
  before: Transaction,
  added: readonly TransactionPartition[],
  transactionVersion: number,
  nowMs: number,
): Transaction {
  return {
    ...before,
    previousProducerId: before.producerId,
    state: 'Ongoing',
    partitions: addPartitions(before.partitions, added),
    startTimestamp: before.state === 'Ongoing' ? before.startTimestamp : BigInt(nowMs),
    lastUpdateTimestamp: BigInt(nowMs),
    clientTransactionVersion: transactionVersion,
  }
}

export interface TransactionEnd {
  readonly commit: boolean
  /** Of the client whose request ends it, or of the coordinator where nobody asked. */
  readonly transactionVersion: number
  readonly nowMs: number
}

/** Where the epochs are used up, the end of a transaction takes a new producer id along. */
export function takesProducerId(before: Transaction, transactionVersion: number): boolean {
  return bumpsEpochs(transactionVersion) && isExhausted(before.producerEpoch)
}

/** `nextProducerId` is -1 unless the end takes one. */
export function prepared(before: Transaction, end: TransactionEnd, nextProducerId: bigint): Transaction {
  const { commit, transactionVersion, nowMs } = end
  const own = bumpsEpochs(transactionVersion)
  return {
    ...before,
    previousProducerId: before.producerId,
    nextProducerId,
    // It can be at its end already where a fence of transaction version 1 took the last epoch.
    producerEpoch: own ? Math.min(before.producerEpoch + 1, fencingEpoch) : before.producerEpoch,
    lastProducerEpoch: own ? before.producerEpoch : before.lastProducerEpoch,
    state: commit ? 'PrepareCommit' : 'PrepareAbort',
    // An abort of nothing (transaction version 2) began when it was asked for.
    startTimestamp: before.state === 'Ongoing' ? before.startTimestamp : BigInt(nowMs),
    lastUpdateTimestamp: BigInt(nowMs),
    // Kafka does not tell 0 from 1 here.
    clientTransactionVersion: own ? transactionVersion : 0,
  }
}

/** An abort that the producer did not ask for: its epoch must not be taken from now on. */
export function fenced(before: Transaction, end: Omit<TransactionEnd, 'commit'>, nextProducerId: bigint): Transaction {
  const abort = { ...end, commit: false }
  if (bumpsEpochs(end.transactionVersion)) return prepared(before, abort, nextProducerId)
  const producerEpoch = Math.min(before.producerEpoch + 1, fencingEpoch)
  return prepared({ ...before, producerEpoch, lastProducerEpoch: noProducerEpoch }, abort, noProducerId)
}

export function completed(before: Transaction, nowMs: number): Transaction {
  const isNewProducer = bumpsEpochs(before.clientTransactionVersion) && before.nextProducerId !== noProducerId
  return {
    ...before,
    producerId: isNewProducer ? before.nextProducerId : before.producerId,
    previousProducerId: before.producerId,
    nextProducerId: noProducerId,
    producerEpoch: isNewProducer ? 0 : before.producerEpoch,
    state: before.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    partitions: noPartitions,
    lastUpdateTimestamp: BigInt(nowMs),
  }
}
