import { KafkaError } from '../../../protocol/errors.ts'
import type { deleteRecords } from '../../../protocol/messages/delete-records.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { internalTopics } from '../../cluster/topic-names.ts'
import type { RequestContext } from '../context.ts'
import { orRefused } from '../refused.ts'

/* DeleteRecords (KIP-107). 1: throttling after the answer · 2: flexible */

type Request = RequestOf<typeof deleteRecords>
type Response = ResponseOf<typeof deleteRecords>

export async function handleDeleteRecords(request: Request, { services }: RequestContext): Promise<Response> {
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map(({ partitionIndex, offset }) =>
        orRefused(
          async () => {
            if (internalTopics.has(name))
              throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Cannot delete records of internal topic ${name}.`)
            const lowWatermark = await services.node.leaderLog({ name }, partitionIndex).deleteRecords(offset)
            return { partitionIndex, lowWatermark, errorCode: 0 }
          },
          (error) => ({ partitionIndex, lowWatermark: -1n, errorCode: error.errorCode }),
        ),
      ),
    ),
  }))
  return { topics: await Promise.all(topics) }
}
