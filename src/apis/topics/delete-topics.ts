import { KafkaError } from '../../../protocol/errors.ts'
import type { deleteTopics } from '../../../protocol/messages/delete-topics.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { decideTopicDeletion } from '../../cluster/topic-deletion.ts'
import type { RequestContext } from '../context.ts'
import { checkTimeLeft } from '../time-left.ts'

/* DeleteTopics. 3: TOPIC_DELETION_DISABLED · 4: flexible · 5: messages, quotas (KIP-599) · 6: by name or id (KIP-516) */

type Request = RequestOf<typeof deleteTopics>
type Response = ResponseOf<typeof deleteTopics>

export async function handleDeleteTopics(request: Request, { services, version }: RequestContext): Promise<Response> {
  const { cluster, node } = services
  if (!node.config.get('delete.topic.enable')) {
    throw new KafkaError(version < 3 ? 'INVALID_REQUEST' : 'TOPIC_DELETION_DISABLED', 'Topic deletion is disabled.')
  }
  const topics = version < 6 ? request.topicNames.map((name) => ({ name, topicId: ZERO_UUID })) : request.topics
  if (topics.length === 0) return { responses: [] }
  checkTimeLeft(request.timeoutMs)
  const deleted = await cluster.change((image) => decideTopicDeletion(image, topics))
  return {
    responses: deleted.map(({ name, topicId, error }) => ({
      name,
      topicId,
      errorCode: error?.errorCode ?? 0,
      errorMessage: error?.message ?? null,
    })),
  }
}
