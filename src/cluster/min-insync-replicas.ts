import { KafkaError } from '../../protocol/errors.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { topicValue } from '../config/topic-config.ts'
import { ConfigResource, configsOf, type MetadataImage, type TopicImage } from './metadata-image.ts'

/** How many replicas must have a record before acks=all is answered: at most as many as the partition has, as in Kafka. */
export function effectiveMinInsyncReplicas(
  image: MetadataImage,
  topic: TopicImage,
  partition: number,
  config: BrokerConfig,
): number {
  const { value } = topicValue('min.insync.replicas', configsOf(image, ConfigResource.topic, topic.name), config)
  return Math.min(Number(value), topic.partitions[partition]?.replicas.length ?? 1)
}

/** What acks=all asks before an append. Throws NOT_ENOUGH_REPLICAS. */
export function checkInsyncReplicas(image: MetadataImage, topic: TopicImage, partition: number, config: BrokerConfig): void {
  const found = topic.partitions[partition]
  // Where all are in sync there are enough, whatever is set: this is asked for every batch.
  if (found === undefined || found.isr.length >= found.replicas.length) return
  const asked = effectiveMinInsyncReplicas(image, topic, partition, config)
  if (found.isr.length >= asked) return
  const inSync = found.isr.length
  throw new KafkaError(
    'NOT_ENOUGH_REPLICAS',
    `${topic.name}-${partition} has ${inSync} in-sync replicas; acks=all asks for ${asked}`,
  )
}
