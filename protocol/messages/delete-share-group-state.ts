import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string, uuid } from '../schema/field.ts'

/** Removes the stored state of a share group's partitions (KIP-932). */
export const deleteShareGroupState = defineApi({
  key: 86,
  name: 'DeleteShareGroupState',
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
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
