import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/** Reads the stored state of a share group's partitions (KIP-932). */
export const readShareGroupState = defineApi({
  key: 84,
  name: 'ReadShareGroupState',
  versions: '0',
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
        startOffset: int64,
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
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
        startOffset: 0n,
        stateBatches: [],
      })),
    })),
  }),
})
