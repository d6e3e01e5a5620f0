import type { offsetForLeaderEpoch } from '../../../protocol/messages/offset-for-leader-epoch.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { refusalOf } from '../refused.ts'

/* OffsetForLeaderEpoch. 1: the epoch in the answer · 2: the current leader epoch (KIP-320) · 3: replica id · 4: flexible */

type Request = RequestOf<typeof offsetForLeaderEpoch>
type Response = ResponseOf<typeof offsetForLeaderEpoch>

export function handleOffsetForLeaderEpoch(request: Request, { services }: RequestContext): Response {
  const endOffset = (
    topic: string,
    { partition, currentLeaderEpoch, leaderEpoch }: Request['topics'][number]['partitions'][number],
  ) => {
    try {
      const log = services.node.leaderLog({ name: topic }, partition, currentLeaderEpoch)
      return { partition, errorCode: 0, ...log.endOffsetForEpoch(leaderEpoch) }
    } catch (error) {
      return { partition, errorCode: refusalOf(error).errorCode }
    }
  }
  return {
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => endOffset(topic, partition)),
    })),
  }
}
