import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/**
 * Stores how far a group has read, as part of a transaction (KIP-98).
 *
 * - 1: throttled after the answer (KIP-219) · 2: leader epoch (KIP-320) · 3: flexible, group membership (KIP-447)
 * - 4: TRANSACTION_ABORTABLE · 5: adds the group to the transaction, too (KIP-890) · 6: topics by id (KIP-1319)
 */
export const txnOffsetCommit = defineApi({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: '0-6',
  flexible: '3+',
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationIdOrMemberEpoch: int32.since(3).default(-1),
    memberId: string.since(3),
    groupInstanceId: nullable(string).since(3),
    topics: array({
      name: string.until(5),
      topicId: uuid.since(6),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(2).default(-1),
        committedMetadata: nullable(string).default(''),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string.until(5),
      topicId: uuid.since(6),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: error.errorCode })),
    })),
  }),
})
