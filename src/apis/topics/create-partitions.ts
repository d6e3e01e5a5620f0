import type { createPartitions } from '../../../protocol/messages/create-partitions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { decidePartitionCreation } from '../../cluster/partition-creation.ts'
import type { RequestContext } from '../context.ts'
import { checkTimeLeft } from '../time-left.ts'

/* CreatePartitions (KIP-195). 2: flexible · 3: quotas (KIP-599) */

type Request = RequestOf<typeof createPartitions>
type Response = ResponseOf<typeof createPartitions>

export async function handleCreatePartitions(request: Request, { services }: RequestContext): Promise<Response> {
  const { topics, timeoutMs, validateOnly } = request
  if (topics.length === 0) return { results: [] }
  checkTimeLeft(timeoutMs)
  const created = await services.cluster.change((image) => decidePartitionCreation(image, topics, { validateOnly }))
  return {
    results: created.map(({ name, error }) => ({
      name,
      errorCode: error?.errorCode ?? 0,
      errorMessage: error?.message ?? null,
    })),
  }
}
