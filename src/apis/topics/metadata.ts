import { type ErrorName, errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { metadata } from '../../../protocol/messages/metadata.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { MetadataImage, TopicImage } from '../../cluster/metadata-image.ts'
import { internalTopics } from '../../cluster/topic-names.ts'
import { authorizedOperations, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'
import { ensureTopicsHere } from './first-use.ts'
import { describedPartitions } from './topic-metadata.ts'

/*
 * Metadata. 0: an empty list asks for all topics · 1: null does · 4: may forbid to make topics (KIP-204) · 7: leader epochs (KIP-320) · 8: authorized
 * operations (KIP-430) · 9: flexible · 10: topic ids in the answer (KIP-516) · 12: topics by id · 13: an error for the whole (KIP-1102)
 *
 * A topic that is made on first use is there in the same answer. Kafka first says UNKNOWN_TOPIC_OR_PARTITION and has the client ask again.
 */

type Request = RequestOf<typeof metadata>
type Response = ResponseOf<typeof metadata>
type TopicResponse = Response['topics'][number]

export async function handleMetadata(request: Request, context: RequestContext): Promise<Response> {
  const { cluster, advertising } = context.services
  const topics = await requestedTopics(request, context)
  return {
    brokers: cluster.nodes.flatMap((node) => {
      const endpoint = advertising.endpointOf(node, context.connection)
      return endpoint === undefined ? [] : [{ nodeId: node.id, host: endpoint.host, port: endpoint.port, rack: node.rack }]
    }),
    clusterId: cluster.id,
    controllerId: cluster.controllerId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? authorizedOperations.cluster : OPERATIONS_NOT_ASKED,
  }
}

async function requestedTopics(request: Request, context: RequestContext): Promise<TopicResponse[]> {
  const { version, services } = context
  const asked = request.topics
  if (asked === null || (version === 0 && asked.length === 0)) {
    const { image } = services.cluster
    return [...image.topicsByName.values()].map((topic) => described(topic, image, request))
  }
  checkTopics(asked, version)
  const byId = asked.filter(({ name, topicId }) => name === null || (version >= 12 && topicId !== ZERO_UUID))
  const names = [...new Set(asked.filter((topic) => !byId.includes(topic)).map(({ name }) => name ?? ''))]
  const refused = await missingTopics(names, request, context)
  // Asked for after the topics were made.
  const { image } = services.cluster
  const named = names.map((name) => {
    const topic = image.topicsByName.get(name)
    return topic === undefined
      ? unknownTopic(name, refused.get(name) ?? 'UNKNOWN_TOPIC_OR_PARTITION')
      : described(topic, image, request)
  })
  const identified = byId.map(({ topicId }) => {
    const topic = image.topicsById.get(topicId)
    return topic === undefined
      ? { ...unknownTopic(null, 'UNKNOWN_TOPIC_ID'), topicId, isInternal: false }
      : described(topic, image, request)
  })
  return [...named, ...identified]
}

function checkTopics(asked: NonNullable<Request['topics']>, version: number): void {
  if (version < 10) return
  for (const { name, topicId } of asked) {
    if (name === null && version < 12)
      throw new KafkaError('INVALID_REQUEST', `Topic name can not be null for version ${version}.`)
    if (topicId !== ZERO_UUID && version < 12)
      throw new KafkaError('INVALID_REQUEST', `Topic ids are not supported in requests for version ${version}.`)
  }
}

/** Makes those that do not exist, where that is wanted and allowed; gives the names that could not be made, with the reason. */
async function missingTopics(
  names: readonly string[],
  request: Request,
  { services }: RequestContext,
): Promise<ReadonlyMap<string, ErrorName>> {
  if (!request.allowAutoTopicCreation || !services.node.config.get('auto.create.topics.enable')) return new Map()
  const missing = names.filter((name) => !services.cluster.image.topicsByName.has(name))
  const ensured = missing.length === 0 ? [] : await ensureTopicsHere(missing, services)
  return new Map(ensured.flatMap((topic) => ('error' in topic ? [[topic.name, topic.error.code] as const] : [])))
}

const unknownTopic = (name: string | null, error: ErrorName): TopicResponse => ({
  errorCode: errorCode(error),
  name,
  isInternal: name !== null && internalTopics.has(name),
  partitions: [],
})

function described(topic: TopicImage, image: MetadataImage, request: Request): TopicResponse {
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: internalTopics.has(topic.name),
    partitions: describedPartitions(topic, image),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? authorizedOperations.topic : OPERATIONS_NOT_ASKED,
  }
}
