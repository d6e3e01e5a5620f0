import type { createTopics } from '../../../protocol/messages/create-topics.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { type CreatedTopic, decideTopicCreation } from '../../cluster/topic-creation.ts'
import { describeTopic } from '../../config/describe-config.ts'
import type { RequestContext } from '../context.ts'
import { checkTimeLeft } from '../time-left.ts'

/*
 * CreateTopics. 1: may be tried only · 4: the broker's own number of partitions and replicas (KIP-464) · 5: flexible, what the topic became (KIP-525)
 * 6: quotas (KIP-599) · 7: topic id (KIP-516)
 */

type Request = RequestOf<typeof createTopics>
type Response = ResponseOf<typeof createTopics>

export async function handleCreateTopics(request: Request, context: RequestContext): Promise<Response> {
  const { cluster, node, environment, ignoresCase } = context.services
  const { topics, timeoutMs, validateOnly } = request
  if (topics.length === 0) return { topics: [] }
  checkTimeLeft(timeoutMs)
  const created = await cluster.change((image) =>
    decideTopicCreation(image, topics, { config: node.config, random: environment.random, validateOnly, ignoresCase }),
  )
  return { topics: created.map((topic) => topicResponse(topic, context)) }
}

function topicResponse({ name, error, topicId, ...topic }: CreatedTopic, { services }: RequestContext) {
  if (error !== null) return { name, errorCode: error.errorCode, errorMessage: error.message }
  return {
    name,
    topicId,
    errorCode: 0,
    errorMessage: null,
    numPartitions: topic.numPartitions,
    replicationFactor: topic.replicationFactor,
    configs: describeTopic(topic.configs, services.node.config).map((config) => ({
      name: config.name,
      value: config.value,
      readOnly: config.readOnly,
      configSource: config.source,
      isSensitive: config.sensitive,
    })),
  }
}
