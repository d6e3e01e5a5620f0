import { array, int8, int16, int32, int64, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/**
 * A transactional id: its producer, the state of its transaction, the partitions in it (KIP-98).
 *
 * - 1: flexible, the ids before and after this one, the client's version of the protocol (KIP-890)
 */
export const transactionLogRecord = defineRecord({
  type: 0,
  name: 'TransactionLog',
  key: {
    transactionalId: string,
  },
  value: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      producerId: int64,
      previousProducerId: int64.since(1).tag(0).default(-1n),
      nextProducerId: int64.since(1).tag(1).default(-1n),
      producerEpoch: int16,
      nextProducerEpoch: int16.since(1).tag(3).default(-1),
      transactionTimeoutMs: int32,
      transactionStatus: int8,
      transactionPartitions: nullable(
        array({
          topic: string,
          partitionIds: array(int32),
        }),
      ).default([]),
      transactionLastUpdateTimestampMs: int64,
      transactionStartTimestampMs: int64,
      clientTransactionVersion: int16.since(1).tag(2),
    },
  },
})
