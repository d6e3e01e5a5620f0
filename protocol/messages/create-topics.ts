import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string, uuid } from '../schema/field.ts'

/**
 * Makes topics.
 *
 * - 1: may be tried only, error message · 2: throttle time · 4: partitions and replicas may be left to the broker (KIP-464)
 * - 5: flexible, the topic's settings in the answer (KIP-525) · 6: THROTTLING_QUOTA_EXCEEDED (KIP-599) · 7: topic id (KIP-516)
 */
export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: '0-7',
  flexible: '5+',
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: nullable(string).default(''),
      }),
    }),
    timeoutMs: int32.default(60000),
    validateOnly: bool.since(1),
  },
  response: {
    throttleTimeMs: int32.since(2),
    topics: array({
      name: string,
      topicId: uuid.since(7),
      errorCode: int16,
      errorMessage: nullable(string).since(1).default(''),
      topicConfigErrorCode: int16.since(5).tag(0),
      numPartitions: int32.since(5).default(-1),
      replicationFactor: int16.since(5).default(-1),
      configs: nullable(
        array({
          name: string,
          value: nullable(string).default(''),
          readOnly: bool,
          configSource: int8.default(-1),
          isSensitive: bool,
        }),
      )
        .since(5)
        .default([]),
    }),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ name }) => ({ name, errorCode: error.errorCode, errorMessage: error.message })),
  }),
})
