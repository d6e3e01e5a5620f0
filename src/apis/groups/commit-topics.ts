import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import { type MetadataImage, type TopicImage, topicOf } from '../../cluster/metadata-image.ts'

/** What OffsetCommit and TxnOffsetCommit have in common. */
interface CommitTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly { readonly partitionIndex: number }[]
}

interface TopicAnswer {
  readonly name?: string
  readonly topicId?: string
  readonly partitions: readonly PartitionAnswer[]
}

interface PartitionAnswer {
  readonly partitionIndex: number
  readonly errorCode: number
}

/** Those partitions that exist, for the coordinator, and the answer for the others. */
export class CommitTopics<Topic extends CommitTopic> {
  /** By name and id, whatever the client called them by. */
  readonly known: Topic[] = []
  readonly refused: TopicAnswer[] = []
  readonly #byId: boolean
  readonly #idsByName = new Map<string, string>()

  constructor(topics: readonly Topic[], byId: boolean, image: MetadataImage) {
    this.#byId = byId
    for (const topic of topics) this.#add(topic, topicOf(image, byId ? { id: topic.topicId } : { name: topic.name }))
  }

  #add(topic: Topic, image: TopicImage | undefined): void {
    if (image !== undefined) this.#idsByName.set(image.name, image.id)
    const exists = ({ partitionIndex }: { readonly partitionIndex: number }): boolean =>
      image?.partitions[partitionIndex] !== undefined
    const missing = topic.partitions.filter((partition) => !exists(partition))
    const present = topic.partitions.filter(exists)
    if (missing.length > 0 || image === undefined) this.refused.push(refusedTopic(topic, missing, this.#missing(image)))
    if (image === undefined || present.length === 0) return
    // The id is written down, and tells since when a member of a consumer group has had the partition.
    this.known.push({ ...topic, name: image.name, topicId: image.id, partitions: present })
  }

  /** One entry for each topic, though its partitions were answered in two places, or were asked for in several. */
  answered(committed: readonly TopicAnswer[]): readonly TopicAnswer[] {
    const byTopic = new Map<string | undefined, TopicAnswer & { readonly partitions: PartitionAnswer[] }>()
    const withIds = committed.map((topic) => ({ ...topic, topicId: this.#idsByName.get(topic.name ?? '') }))
    for (const topic of [...this.refused, ...withIds]) {
      const key = this.#byId ? topic.topicId : topic.name
      const entry = byTopic.get(key)
      if (entry === undefined) byTopic.set(key, { ...topic, partitions: [...topic.partitions] })
      // Appended to rather than made anew: a request may name one topic any number of times.
      else for (const partition of topic.partitions) entry.partitions.push(partition)
    }
    return [...byTopic.values()]
  }

  #missing(topic: TopicImage | undefined): ErrorName {
    return topic === undefined && this.#byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }
}

const refusedTopic = ({ name, topicId }: CommitTopic, partitions: CommitTopic['partitions'], error: ErrorName): TopicAnswer => ({
  name,
  topicId,
  partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode(error) })),
})
