import { transactionLogRecord } from '../../../protocol/coordinator-records/transaction-log.ts'
import { transactionStateRecords } from '../../../protocol/coordinator-records/transaction-state.ts'
import { MalformedMessage } from '../../../protocol/schema/malformed-message.ts'
import { UnknownRecordType, UnknownRecordVersion } from '../../../protocol/schema/unknown-record.ts'
import type { CoordinatorRecord } from '../machine.ts'
import { addPartitions, lastClientEpoch, noPartitions, noProducerEpoch, type Transaction } from './transaction.ts'
import { type TransactionState, transactionStates } from './transaction-state.ts'
import { bumpsEpochs } from './transitions.ts'

/** The value's version by `transaction.version`: those before KIP-890 know neither other producer ids nor tags. */
const valueVersion = (transactionVersion: number): number => (transactionVersion >= 1 ? 1 : 0)

/** Whether a record can hold what a client of that version did. */
export function canHold(clientTransactionVersion: number, transactionVersion: number): boolean {
  return clientTransactionVersion === 0 || valueVersion(transactionVersion) >= 1
}

export function transactionRecord(transaction: Transaction, transactionVersion: number): CoordinatorRecord {
  const { transactionalId, partitions, state } = transaction
  return {
    key: transactionLogRecord.encodeKey({ transactionalId }),
    value: transactionLogRecord.encodeValue(
      {
        producerId: transaction.producerId,
        previousProducerId: transaction.previousProducerId,
        nextProducerId: transaction.nextProducerId,
        producerEpoch: transaction.producerEpoch,
        transactionTimeoutMs: transaction.timeoutMs,
        transactionStatus: transactionStates.indexOf(state),
        transactionPartitions:
          state === 'Empty' ? null : [...partitions].map(([topic, numbers]) => ({ topic, partitionIds: [...numbers] })),
        transactionLastUpdateTimestampMs: transaction.lastUpdateTimestamp,
        transactionStartTimestampMs: transaction.startTimestamp,
        clientTransactionVersion: transaction.clientTransactionVersion,
      },
      valueVersion(transactionVersion),
    ),
    producer: null,
  }
}

export function transactionTombstone(transactionalId: string): CoordinatorRecord {
  return { key: transactionLogRecord.encodeKey({ transactionalId }), value: null, producer: null }
}

type TransactionLogValue = ReturnType<typeof transactionLogRecord.decodeValue>

/** Null value: the id has expired. */
interface ReplayedRecord {
  readonly transactionalId: string
  readonly value: TransactionLogValue | null
}

/** Null: a kind or version that is not known, as an upgrade that was taken back leaves it; Kafka passes over it too. */
export function readRecord(record: CoordinatorRecord): ReplayedRecord | null {
  try {
    const { key, value } = transactionStateRecords.decode(record.key, record.value)
    return { transactionalId: key.transactionalId, value }
  } catch (error) {
    if (error instanceof UnknownRecordType || error instanceof UnknownRecordVersion) return null
    throw error
  }
}

/** What a record makes of what stood before it. */
export function transactionOf(transactionalId: string, value: TransactionLogValue, before: Transaction | undefined): Transaction {
  const state = stateOf(value.transactionStatus)
  const added = (value.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((partition) => ({ topic, partition })),
  )
  return {
    transactionalId,
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: lastEpochTold(state, value, before),
    timeoutMs: value.transactionTimeoutMs,
    state,
    partitions: state === 'Empty' ? noPartitions : addPartitions(noPartitions, added),
    startTimestamp: value.transactionStartTimestampMs,
    lastUpdateTimestamp: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  }
}

function stateOf(status: number): TransactionState {
  const state = transactionStates[status]
  if (state === undefined || state === 'Dead' || state === 'PrepareEpochFence') {
    throw new MalformedMessage(`A transaction cannot be stored in state ${status}.`)
  }
  return state
}

/**
 * The epoch before this one, where the record says it: an end of transaction version 2 is always a step. After an
 * InitProducerId it is not told, so that its retry across a restart is fenced, as in Kafka.
 */
function lastEpochTold(state: TransactionState, value: TransactionLogValue, before: Transaction | undefined): number {
  const { producerId, producerEpoch } = value
  if (before?.producerId === producerId && before.producerEpoch === producerEpoch) return before.lastProducerEpoch
  if (state === 'Empty' || state === 'Ongoing' || !bumpsEpochs(value.clientTransactionVersion)) return noProducerEpoch
  return producerEpoch === 0 && value.previousProducerId !== producerId ? lastClientEpoch : producerEpoch - 1
}
