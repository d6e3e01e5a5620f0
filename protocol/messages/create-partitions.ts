import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Adds partitions to topics (KIP-195).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible · 3: THROTTLING_QUOTA_EXCEEDED (KIP-599)
 */
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  request: {
    topics: array({
      name: string,
      count: int32,
      assignments: nullable(
        array({
          brokerIds: array(int32),
        }),
      ).default([]),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      name: string,
      errorCode: int16,
      errorMessage: nullable(string).default(null),
    }),
  },
  refuse: (request, error) => ({
    results: request.topics.map(({ name }) => ({ name, errorCode: error.errorCode, errorMessage: error.message })),
  }),
})
