import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/** Sets up the stored state of a share group's partitions (KIP-932). */
export const initializeShareGroupState = defineApi({
  key: 83,
  name: 'InitializeShareGroupState',
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        startOffset: int64,
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
