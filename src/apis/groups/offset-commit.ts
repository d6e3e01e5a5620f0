import type { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { CommitTopics } from './commit-topics.ts'

/*
 * OffsetCommit. 1: members of a generation · 2-4: retention · 5: none · 6: leader epochs (KIP-320) · 7: static members (KIP-345) · 8: flexible
 * 9: consumer groups (KIP-848) · 10: topic ids
 */

type Request = RequestOf<typeof offsetCommit>
type Response = ResponseOf<typeof offsetCommit>

/** Partitions that do not exist are answered here; the coordinator is asked for the others, by topic name. */
export async function handleOffsetCommit(request: Request, context: RequestContext): Promise<Response> {
  const { cluster, groups } = context.services
  const topics = new CommitTopics(request.topics, context.version >= 10, cluster.image)
  if (topics.known.length === 0 && topics.refused.length > 0) return { topics: topics.answered([]) }
  const asked = { api: 'OffsetCommit', request: { ...request, topics: topics.known } } as const
  const committed = await groups.request(request.groupId, asked, context)
  return { topics: topics.answered(committed.topics) }
}
