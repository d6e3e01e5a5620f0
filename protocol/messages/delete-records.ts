import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, string } from '../schema/field.ts'

/**
 * Moves the start of partitions forward (KIP-107).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible
 */
export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: '2+',
  request: {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode: int16,
      }),
    }),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, lowWatermark: -1n, errorCode: error.errorCode })),
    })),
  }),
})
