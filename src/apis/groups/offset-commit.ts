import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { type TopicImage, topicOf } from '../../cluster/metadata-image.ts'
import type { RequestContext } from '../context.ts'

/*
 * OffsetCommit. 1: members of a generation · 2-4: retention · 5: none · 6: leader epochs (KIP-320) · 7: static members (KIP-345) · 8: flexible
 * 9: consumer groups (KIP-848) · 10: topic ids
 */

type Request = RequestOf<typeof offsetCommit>
type Response = ResponseOf<typeof offsetCommit>
type Topic = Request['topics'][number]
type TopicResponse = Response['topics'][number]
type PartitionResponse = TopicResponse['partitions'][number]

/** Partitions that do not exist are answered here; the coordinator is asked for the others, by topic name. */
export async function handleOffsetCommit(request: Request, context: RequestContext): Promise<Response> {
  const byId = context.version >= 10
  const refused: TopicResponse[] = []
  const known: Topic[] = []
  const idsByName = new Map<string, string>()
  for (const topic of request.topics) {
    const image = topicOf(context.services.cluster.image, byId ? { id: topic.topicId } : { name: topic.name })
    if (image !== undefined) idsByName.set(image.name, image.id)
    const exists = (partitionIndex: number): boolean => image?.partitions[partitionIndex] !== undefined
    const missing = topic.partitions.filter(({ partitionIndex }) => !exists(partitionIndex))
    const present = topic.partitions.filter(({ partitionIndex }) => exists(partitionIndex))
    if (missing.length > 0 || image === undefined) refused.push(refusedTopic(topic, missing, missingCode(image, byId)))
    if (image !== undefined && present.length > 0) known.push({ ...topic, name: image.name, partitions: present })
  }
  if (known.length === 0 && refused.length > 0) return { topics: merged(refused, byId) }
  const committed = await context.services.groups.request(
    request.groupId,
    { api: 'OffsetCommit', request: { ...request, topics: known } },
    context,
  )
  const answered = committed.topics.map((topic) => ({ ...topic, topicId: idsByName.get(topic.name ?? '') }))
  return { topics: merged([...refused, ...answered], byId) }
}

const missingCode = (topic: TopicImage | undefined, byId: boolean): ErrorName =>
  topic === undefined && byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'

const refusedTopic = ({ name, topicId }: Topic, partitions: Topic['partitions'], error: ErrorName): TopicResponse => ({
  name,
  topicId,
  partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode(error) })),
})

/** One entry for each topic, though its partitions were answered in two places, or were asked for in several. */
function merged(topics: readonly TopicResponse[], byId: boolean): readonly TopicResponse[] {
  const byTopic = new Map<string | undefined, TopicResponse & { readonly partitions: PartitionResponse[] }>()
  for (const topic of topics) {
    const key = byId ? topic.topicId : topic.name
    const entry = byTopic.get(key)
    if (entry === undefined) byTopic.set(key, { ...topic, partitions: [...topic.partitions] })
    // Appended to rather than made anew: a request may name one topic any number of times.
    else for (const partition of topic.partitions) entry.partitions.push(partition)
  }
  return [...byTopic.values()]
}
