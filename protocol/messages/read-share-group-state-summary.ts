import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/**
 * Reads the stored state of a share group's partitions without the batches (KIP-932).
 *
 * - 1: how many deliveries are complete (KIP-1226)
 */
export const readShareGroupStateSummary = defineApi({
  key: 87,
  name: 'ReadShareGroupStateSummary',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(null),
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1).default(-1),
      }),
    }),
  },
  refuse: (request, error) => ({
    results: request.topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition }) => ({
        partition,
        errorCode: error.errorCode,
        errorMessage: error.message,
        stateEpoch: 0,
        leaderEpoch: 0,
        startOffset: 0n,
      })),
    })),
  }),
})
