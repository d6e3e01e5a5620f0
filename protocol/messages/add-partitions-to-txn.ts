import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, int64, string } from '../schema/field.ts'

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
}

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32,
  partitionErrorCode: int16,
}

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
}

/**
 * Adds partitions to a transaction (KIP-98).
 *
 * - 1: throttled after the answer (KIP-219) · 2: PRODUCER_FENCED (KIP-588) · 3: flexible, the last for clients
 * - 4: for brokers: many transactions, or only a look (KIP-890) · 5: TRANSACTION_ABORTABLE (KIP-890)
 */
export const addPartitionsToTxn = defineApi({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactions: array({
      transactionalId: string,
      producerId: int64,
      producerEpoch: int16,
      verifyOnly: bool.default(false),
      topics: array(addPartitionsToTxnTopic),
    }).since(4),
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: int64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: array(addPartitionsToTxnTopic).until(3),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(4),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array(addPartitionsToTxnTopicResult),
    }).since(4),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).until(3),
  },
  refuse: (request, error) => ({
    errorCode: error.errorCode,
    resultsByTopicV3AndBelow: request.v3AndBelowTopics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: error.errorCode })),
    })),
  }),
})
