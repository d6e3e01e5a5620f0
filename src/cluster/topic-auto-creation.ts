import { KafkaError } from '../../protocol/errors.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Random } from '../environment/environment.ts'
import type { Cluster } from './cluster.ts'
import type { TopicImage } from './metadata-image.ts'
import { decideTopicCreation, type NewTopic, type TopicCreationOptions } from './topic-creation.ts'
import { OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from './topic-names.ts'

export interface TopicAutoCreationOptions {
  readonly config: BrokerConfig
  readonly random: Random
  readonly ignoresCase?: boolean
}

export type EnsuredTopic =
  | { readonly name: string; readonly topic: TopicImage }
  | { readonly name: string; readonly error: KafkaError }

/**
 * Makes the topics that are not there, as a client's first use does; what an internal topic is like, its coordinator's
 * settings say. Kafka answers before the topic is there and has the client ask again; here it is there when this is
 * settled. Whether topics may be made so (`auto.create.topics.enable`, the request's flag, ACLs) is the caller's question.
 */
export async function ensureTopics(
  cluster: Cluster,
  names: readonly string[],
  options: TopicAutoCreationOptions,
): Promise<readonly EnsuredTopic[]> {
  const missing = [...new Set(names)].filter((name) => !cluster.image.topicsByName.has(name))
  const errors = new Map<string, KafkaError>()
  if (missing.length > 0) {
    const creation: TopicCreationOptions = { ...options, validateOnly: false }
    const topics = missing.map((name) => topicByDefault(name, options.config))
    const created = await cluster.change((image) => decideTopicCreation(image, topics, creation))
    for (const { name, error } of created) if (error !== null) errors.set(name, error)
  }
  return names.map((name) => {
    // Another may have made it in the meantime, which serves as well.
    const topic = cluster.image.topicsByName.get(name)
    return topic === undefined
      ? { name, error: errors.get(name) ?? new KafkaError('UNKNOWN_TOPIC_OR_PARTITION') }
      : { name, topic }
  })
}

/** What a topic of this name is like when nobody says how it is to be. */
export function topicByDefault(name: string, config: BrokerConfig): NewTopic {
  const topic = (numPartitions: number, replicationFactor: number, configs: Readonly<Record<string, string>>): NewTopic => ({
    name,
    numPartitions,
    replicationFactor,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  })
  switch (name) {
    case OFFSETS_TOPIC:
      return topic(config.get('offsets.topic.num.partitions'), config.get('offsets.topic.replication.factor'), {
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(config.get('offsets.topic.segment.bytes')),
      })
    case TRANSACTION_STATE_TOPIC:
      return topic(config.get('transaction.state.log.num.partitions'), config.get('transaction.state.log.replication.factor'), {
        'unclean.leader.election.enable': 'false',
        'compression.type': 'uncompressed',
        'cleanup.policy': 'compact',
        'min.insync.replicas': String(config.get('transaction.state.log.min.isr')),
        'segment.bytes': String(config.get('transaction.state.log.segment.bytes')),
      })
    case SHARE_GROUP_STATE_TOPIC:
      return topic(
        config.get('share.coordinator.state.topic.num.partitions'),
        config.get('share.coordinator.state.topic.replication.factor'),
        {
          'cleanup.policy': 'delete',
          'compression.type': 'producer',
          'segment.bytes': String(config.get('share.coordinator.state.topic.segment.bytes')),
          'retention.ms': '-1',
        },
      )
    default:
      return topic(-1, -1, {})
  }
}
