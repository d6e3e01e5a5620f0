import { errorCode } from '../../../protocol/errors.ts'
import type { txnOffsetCommit } from '../../../protocol/messages/txn-offset-commit.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { CommitTopics } from '../groups/commit-topics.ts'

/*
 * TxnOffsetCommit. 2: leader epochs (KIP-320) · 3: flexible, members of a generation (KIP-447) · 4: TRANSACTION_ABORTABLE
 * 5: adds the group to the transaction, too (KIP-890) · 6: topic ids, errors of consumer groups (KIP-1319)
 */

type Request = RequestOf<typeof txnOffsetCommit>
type Response = ResponseOf<typeof txnOffsetCommit>

/** Partitions that do not exist are answered here; the coordinator of the group is asked for the others, by topic name. */
export async function handleTxnOffsetCommit(request: Request, context: RequestContext): Promise<Response> {
  const { cluster, groups } = context.services
  const topics = new CommitTopics(request.topics, context.version >= 6, cluster.image)
  if (topics.known.length === 0) return { topics: topics.answered([]) }
  const asked = { api: 'TxnOffsetCommit', request: { ...request, topics: topics.known } } as const
  const committed = topics.answered((await groups.request(request.groupId, asked, context)).topics)
  return { topics: context.version < 2 ? committed.map(withoutLoading) : committed }
}

/** Producers before Kafka 2.0 could fail for good on the error of a coordinator that loads (KAFKA-7296). */
function withoutLoading<
  Topic extends { readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[] },
>(topic: Topic): Topic {
  const partitions = topic.partitions.map((partition) =>
    partition.errorCode === errorCode('COORDINATOR_LOAD_IN_PROGRESS')
      ? { ...partition, errorCode: errorCode('COORDINATOR_NOT_AVAILABLE') }
      : partition,
  )
  return { ...topic, partitions }
}
