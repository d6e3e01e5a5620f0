import type { electLeaders } from '../../../protocol/messages/elect-leaders.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { decideElection, type ElectionResult } from '../../cluster/leader-election.ts'
import type { RequestContext } from '../context.ts'
import { checkTimeLeft } from '../time-left.ts'

/* ElectLeaders (KIP-183). 1: unclean ones too, an error for the whole (KIP-460) · 2: flexible */

type Request = RequestOf<typeof electLeaders>
type Response = ResponseOf<typeof electLeaders>

export async function handleElectLeaders(request: Request, { services }: RequestContext): Promise<Response> {
  const { electionType, topicPartitions, timeoutMs } = request
  if (topicPartitions?.length === 0) return { errorCode: 0, replicaElectionResults: [] }
  checkTimeLeft(timeoutMs)
  const elected = await services.cluster.change((image) => decideElection(image, electionType, topicPartitions))
  const topics = topicPartitions?.map(({ topic }) => topic) ?? services.cluster.image.topicsByName.keys()
  return { errorCode: 0, replicaElectionResults: byTopic(elected, topics) }
}

/** A topic that was asked for has its place in the answer even if none of its partitions needed an election. */
function byTopic(elected: readonly ElectionResult[], topics: Iterable<string>): Response['replicaElectionResults'] {
  const results = new Map<string, ElectionResult[]>(Array.from(topics, (topic) => [topic, []]))
  for (const result of elected) results.get(result.topic)?.push(result)
  return Array.from(results, ([topic, partitions]) => ({
    topic,
    partitionResult: partitions.map(({ partition, error }) => ({
      partitionId: partition,
      errorCode: error?.errorCode ?? 0,
      errorMessage: error?.message ?? null,
    })),
  }))
}
