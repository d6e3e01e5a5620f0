import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, records, string, struct, uuid } from '../schema/field.ts'

/**
 * Appends record batches to partitions.
 *
 * Versions 0 to 2 carry the old message formats. librdkafka takes a broker for too old that does not list them, so they are
 * served although Kafka 4 lists them only (KAFKA-18659).
 *
 * - 1: throttle time · 2: log append time · 3: transactional id, record batches of magic 2 (KIP-98)
 * - 4: KAFKA_STORAGE_ERROR · 5: log start offset
 * - 7: zstd (KIP-110) · 8: which records were wrong, and why (KIP-467)
 * - 9: flexible · 10: the new leader, if it is another (KIP-951)
 * - 11: TRANSACTION_ABORTABLE · 12: adds the partition to the transaction, too (KIP-890)
 * - 13: topics by id (KIP-516)
 */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  versions: '0-13',
  flexible: '9+',
  request: {
    transactionalId: nullable(string).since(3),
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string.until(12),
      topicId: uuid.since(13),
      partitionData: array({
        index: int32,
        records: nullable(records),
      }),
    }),
  },
  response: {
    responses: array({
      name: string.until(12),
      topicId: uuid.since(13),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: int64.since(2).default(-1n),
        logStartOffset: int64.since(5).default(-1n),
        recordErrors: array({
          batchIndex: int32,
          batchIndexErrorMessage: nullable(string).default(null),
        }).since(8),
        errorMessage: nullable(string).since(8),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        })
          .since(10)
          .tag(0),
      }),
    }),
    throttleTimeMs: int32.since(1),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
    })
      .since(10)
      .tag(0),
  },
  refuse: (request, error) => ({
    responses: request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({
        index,
        errorCode: error.errorCode,
        baseOffset: -1n,
        errorMessage: error.message,
      })),
    })),
  }),
})
