import { type ErrorName, errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { describeTopicPartitions } from '../../../protocol/messages/describe-topic-partitions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { MetadataImage } from '../../cluster/metadata-image.ts'
import { internalTopics, isTopicName } from '../../cluster/topic-names.ts'
import { authorizedOperations } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'
import { describedPartition } from './topic-metadata.ts'

/* DescribeTopicPartitions (KIP-966): topics by name, in pages. The cursor is the first partition of the next page. */

type Request = RequestOf<typeof describeTopicPartitions>
type Response = ResponseOf<typeof describeTopicPartitions>
type TopicResponse = Response['topics'][number]

export function handleDescribeTopicPartitions(request: Request, { services }: RequestContext): Response {
  const { image } = services.cluster
  const { cursor } = request
  const names = topicsFromCursor(request, image)
  const limit = Math.max(
    1,
    Math.min(services.node.config.get('max.request.partition.size.limit'), request.responsePartitionLimit),
  )
  const topics: TopicResponse[] = []
  let room = limit
  for (const name of names) {
    if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } }
    const topic = image.topicsByName.get(name)
    if (topic === undefined) {
      // A topic that is gone is told to those alone who asked for it.
      if (request.topics.length > 0) topics.push(unknownTopic(name))
      continue
    }
    const from = name === cursor?.topicName ? cursor.partitionIndex : 0
    const partitions = topic.partitions.slice(from, from + room)
    topics.push({
      errorCode: 0,
      name,
      topicId: topic.id,
      isInternal: internalTopics.has(name),
      partitions: partitions.map((partition) => ({
        ...describedPartition(partition, image),
        eligibleLeaderReplicas: partition.eligibleLeaderReplicas,
        lastKnownElr: partition.lastKnownElr,
      })),
      topicAuthorizedOperations: authorizedOperations.topic,
    })
    const next = from + partitions.length
    if (next < topic.partitions.length) return { topics, nextCursor: { topicName: name, partitionIndex: next } }
    room -= partitions.length
  }
  return { topics, nextCursor: null }
}

/** Throws INVALID_REQUEST where the cursor names no topic that was asked for, or no partition. */
function topicsFromCursor({ topics, cursor }: Request, image: MetadataImage): readonly string[] {
  const asked = topics.length === 0 ? [...image.topicsByName.keys()] : [...new Set(topics.map(({ name }) => name))]
  const names = asked.filter((name) => cursor === null || name >= cursor.topicName).sort()
  if (cursor === null) return names
  if (topics.length > 0 && !names.includes(cursor.topicName)) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `DescribeTopicPartitionsRequest topic list should contain the cursor topic: ${cursor.topicName}`,
    )
  }
  if (cursor.partitionIndex < 0) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `DescribeTopicPartitionsRequest cursor partition must be valid: ${cursor.partitionIndex}`,
    )
  }
  return names
}

function unknownTopic(name: string): TopicResponse {
  const error: ErrorName = isTopicName(name) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'
  return {
    errorCode: errorCode(error),
    name,
    topicId: ZERO_UUID,
    isInternal: internalTopics.has(name),
    partitions: [],
    topicAuthorizedOperations: authorizedOperations.topic,
  }
}
