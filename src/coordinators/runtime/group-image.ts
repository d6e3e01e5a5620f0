import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import { ConfigResource, configsOf, type MetadataImage, type TopicImage } from '../../cluster/metadata-image.ts'
import { groupValue } from '../../config/group-config.ts'
import type { Environment } from '../../environment/environment.ts'
import type { ResolvedRegexes, ResolveRegexes } from '../group/consumer/consumer-request.ts'
import type { ConsumerGroupConfig, GroupTopics } from '../group/consumer/group-topics.ts'
import type { GroupTopic } from '../group/consumer/metadata-hash.ts'
import type { SharedTurns } from './shared-turns.ts'

type ImageSource = Pick<Cluster, 'image' | 'onChange'>

/** The cluster's topics as the machines of groups see them. */
export class ClusterTopics implements GroupTopics {
  readonly #cluster: ImageSource
  readonly #known = new WeakMap<TopicImage, GroupTopic>()
  readonly #unsubscribe: () => void
  #newTopicsVersion: bigint

  constructor(cluster: ImageSource) {
    this.#cluster = cluster
    this.#newTopicsVersion = this.version
    this.#unsubscribe = cluster.onChange((image, { previous, topicsChanged }) => {
      const hasNew = topicsChanged.some(({ id }) => !previous.topicsById.has(id))
      if (hasNew) this.#newTopicsVersion = versionOf(image)
    })
  }

  get version(): bigint {
    return versionOf(this.#cluster.image)
  }

  get newTopicsVersion(): bigint {
    return this.#newTopicsVersion
  }

  get names(): Iterable<string> {
    return this.#cluster.image.topicsByName.keys()
  }

  byName(name: string): GroupTopic | undefined {
    return this.#groupTopic(this.#cluster.image.topicsByName.get(name))
  }

  byId(id: string): GroupTopic | undefined {
    return this.#groupTopic(this.#cluster.image.topicsById.get(id))
  }

  stop(): void {
    this.#unsubscribe()
  }

  #groupTopic(topic: TopicImage | undefined): GroupTopic | undefined {
    if (topic === undefined) return undefined
    const known = this.#known.get(topic)
    if (known !== undefined) return known
    const made = groupTopic(topic, this.#cluster.image)
    this.#known.set(topic, made)
    return made
  }
}

/** The offset of the last record that it contains, as Kafka counts images. */
const versionOf = (image: MetadataImage): bigint => image.endOffset - 1n

function groupTopic({ id, name, partitions }: TopicImage, { brokers }: MetadataImage): GroupTopic {
  const racks = (partition: number) =>
    (partitions[partition]?.replicas ?? []).flatMap((replica) => brokers.get(replica)?.rack ?? [])
  return { id, name, partitionCount: partitions.length, racks }
}

/** What holds for a consumer group: what is set for it, within the broker's bounds, else the broker's own. */
export function consumerGroupConfig(
  groupId: string,
  cluster: ImageSource,
  { config }: Pick<ClusterNode, 'config'>,
): ConsumerGroupConfig {
  const own = configsOf(cluster.image, ConfigResource.group, groupId)
  return {
    sessionTimeoutMs: groupValue('consumer.session.timeout.ms', own, config),
    heartbeatIntervalMs: groupValue('consumer.heartbeat.interval.ms', own, config),
    assignmentIntervalMs: groupValue('consumer.assignment.interval.ms', own, config),
  }
}

/** Matches a group's expressions with the names of all topics; others have their turn in between. */
export async function resolveRegexes(
  { regexes }: ResolveRegexes,
  topics: ClusterTopics,
  { time }: Pick<Environment, 'time'>,
  turns: SharedTurns,
): Promise<ResolvedRegexes> {
  const { topicsByRegex } = await import('../group/topic-regex.ts')
  const { version } = topics
  const timestampMs = BigInt(time.nowMs())
  return { version, timestampMs, topicsByRegex: await turns.done(topicsByRegex(regexes, [...topics.names])) }
}
