import { errorCode } from '../../../protocol/errors.ts'
import type { offsetDelete } from '../../../protocol/messages/offset-delete.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { topicOf } from '../../cluster/metadata-image.ts'
import type { RequestContext } from '../context.ts'

type Request = RequestOf<typeof offsetDelete>
type Response = ResponseOf<typeof offsetDelete>
type Topic = Request['topics'][number]
type PartitionResponse = Response['topics'][number]['partitions'][number]

/** Partitions that do not exist are answered here; the coordinator is asked even if none is left, for it may refuse the whole. */
export async function handleOffsetDelete(request: Request, context: RequestContext): Promise<Response> {
  const answers = new Map<string, PartitionResponse[]>()
  const known = request.topics.flatMap((topic) => {
    const { missing, present } = split(topic, context)
    for (const { partitionIndex } of missing) {
      answersOf(answers, topic.name).push({ partitionIndex, errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') })
    }
    return present.length === 0 ? [] : [{ ...topic, partitions: present }]
  })
  const { groups } = context.services
  const deleted = await groups.request(request.groupId, { api: 'OffsetDelete', request: { ...request, topics: known } }, context)
  if (deleted.errorCode !== 0) return deleted
  for (const { name, partitions } of deleted.topics) {
    const answered = answersOf(answers, name)
    for (const partition of partitions) answered.push(partition)
  }
  return { errorCode: 0, topics: [...answers].map(([name, partitions]) => ({ name, partitions })) }
}

function split({ name, partitions }: Topic, { services }: RequestContext) {
  const image = topicOf(services.cluster.image, { name })
  const exists = ({ partitionIndex }: Topic['partitions'][number]): boolean => image?.partitions[partitionIndex] !== undefined
  return { present: partitions.filter(exists), missing: partitions.filter((partition) => !exists(partition)) }
}

function answersOf(answers: Map<string, PartitionResponse[]>, topic: string): PartitionResponse[] {
  const answered = answers.get(topic) ?? []
  answers.set(topic, answered)
  return answered
}
