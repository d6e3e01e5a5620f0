import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/**
 * Stores the state of a share group's partitions (KIP-932).
 *
 * - 1: how many deliveries are complete (KIP-1226)
 */
export const writeShareGroupState = defineApi({
  key: 85,
  name: 'WriteShareGroupState',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1).default(-1),
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
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
      }),
    }),
  },
  refuse: (request, error) => ({
    results: request.topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode: error.errorCode, errorMessage: error.message })),
    })),
  }),
})
