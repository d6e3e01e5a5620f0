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
