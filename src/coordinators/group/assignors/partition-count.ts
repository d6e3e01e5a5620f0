import { KafkaError } from '../../../../protocol/errors.ts'
import type { TopicDescriber } from './partition-assignor.ts'

/** The partitions of a topic that somebody subscribes to, and that therefore must exist. */
export function requiredPartitionCount(topics: TopicDescriber, topicId: string): number {
  const partitionCount = topics.partitionCount(topicId)
  if (partitionCount !== undefined) return partitionCount
  throw new KafkaError('UNKNOWN_SERVER_ERROR', `A member subscribes to topic ${topicId}, which does not exist.`)
}
