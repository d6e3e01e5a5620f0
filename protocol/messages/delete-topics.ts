import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string, uuid, ZERO_UUID } from '../schema/field.ts'

/**
 * Removes topics.
 *
 * - 1: throttle time · 3: TOPIC_DELETION_DISABLED · 4: flexible · 5: error message, THROTTLING_QUOTA_EXCEEDED (KIP-599)
 * - 6: topics by name or id (KIP-516)
 */
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: '0-6',
  flexible: '4+',
  request: {
    topics: array({
      name: nullable(string).default(null),
      topicId: uuid,
    }).since(6),
    topicNames: array(string).until(5),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.since(1),
    responses: array({
      name: nullable(string, '6+').default(''),
      topicId: uuid.since(6),
      errorCode: int16,
      errorMessage: nullable(string).since(5),
    }),
  },
  refuse: (request, error) => ({
    responses: [...request.topics, ...request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))].map(
      ({ name, topicId }) => ({ name, topicId, errorCode: error.errorCode, errorMessage: error.message }),
    ),
  }),
})
