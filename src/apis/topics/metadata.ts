import { type ErrorName, errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { metadata } from '../../../protocol/messages/metadata.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { TopicImage } from '../../cluster/metadata-image.ts'
import { internalTopics, isTopicName } from '../../cluster/topic-names.ts'
import { authorizedOperations, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'
import { isAlive, reachableNodes } from '../reachable-nodes.ts'
import { ensureTopicsHere } from './first-use.ts'
import { describedPartition } from './topic-metadata.ts'

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
  const { cluster } = context.services
  const topics = await requestedTopics(request, context)
  return {
    brokers: reachableNodes(context)
      .filter(({ node }) => isAlive(cluster.image, node.id))
      .map(({ node, host, port }) => ({ nodeId: node.id, host, port, rack: node.rack })),
    clusterId: cluster.id,
    controllerId: cluster.controllerId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? authorizedOperations.cluster : OPERATIONS_NOT_ASKED,
  }
}

async function requestedTopics(request: Request, context: RequestContext): Promise<TopicResponse[]> {
  const { version, services } = context
  const asked = request.topics
  const described = describing(request, context)
  if (asked === null || (version === 0 && asked.length === 0)) {
    const { image } = services.cluster
    return [...image.topicsByName.values()].map(described)
  }
  checkTopics(asked, version)
  const ids = new Set(asked.filter(({ topicId }) => version >= 12 && topicId !== ZERO_UUID).map(({ topicId }) => topicId))
  // As in Kafka, a request that names a topic by its id is taken to name none otherwise.
  return ids.size > 0 ? [...ids].map((id) => byId(id, described, context)) : topicsByName(asked, described, request, context)
}

function byId(topicId: string, described: Describe, context: RequestContext): TopicResponse {
  const topic = context.services.cluster.image.topicsById.get(topicId)
  return topic === undefined
    ? { errorCode: errorCode('UNKNOWN_TOPIC_ID'), name: null, topicId, isInternal: false, partitions: [] }
    : described(topic)
}

async function topicsByName(
  asked: NonNullable<Request['topics']>,
  described: Describe,
  request: Request,
  context: RequestContext,
): Promise<TopicResponse[]> {
  const names = [...new Set(asked.map(({ name }) => name ?? ''))]
  const refused = await missingTopics(names, request, context)
  // Asked for after the topics were made.
  const { image } = context.services.cluster
  return names.map((name) => {
    const topic = image.topicsByName.get(name)
    return topic === undefined ? unknownTopic(name, refused.get(name), request) : described(topic)
  })
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

function unknownTopic(name: string, refused: ErrorName | undefined, request: Request): TopicResponse {
  const error = refused ?? (isTopicName(name) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION')
  return {
    errorCode: errorCode(error),
    name,
    isInternal: internalTopics.has(name),
    partitions: [],
    topicAuthorizedOperations: operations(request),
  }
}

type Describe = (topic: TopicImage) => TopicResponse

/** How this client is told of a topic; which nodes it can reach is looked up once for all of them. */
function describing(request: Request, context: RequestContext): Describe {
  const reachable = new Set(reachableNodes(context).map(({ node }) => node.id))
  return (topic) => ({
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: internalTopics.has(topic.name),
    partitions: topic.partitions.map((partition) => {
      const shown = describedPartition(partition, context.services.cluster.image)
      if (shown.leaderId < 0) return { ...shown, errorCode: errorCode('LEADER_NOT_AVAILABLE') }
      if (reachable.has(shown.leaderId)) return shown
      // The leader has no listener of the name by which the client came.
      const error: ErrorName = context.version >= 6 ? 'LISTENER_NOT_FOUND' : 'LEADER_NOT_AVAILABLE'
      return { ...shown, leaderId: -1, errorCode: errorCode(error) }
    }),
    topicAuthorizedOperations: operations(request),
  })
}

const operations = (request: Request): number =>
  request.includeTopicAuthorizedOperations ? authorizedOperations.topic : OPERATIONS_NOT_ASKED
