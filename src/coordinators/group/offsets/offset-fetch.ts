import { errorCode } from '../../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../../protocol/schema/field.ts'
import type { Group } from '../group.ts'
import type { OffsetFetchGroup, OffsetFetchGroupResponse } from '../group-request.ts'
import type { CommittedOffset, Offsets } from './offsets.ts'

type FetchedPartition = OffsetFetchGroupResponse['topics'][number]['partitions'][number]

/**
 * The committed offsets of one group, of the topics asked for or, where null is, of all. A group or a partition that is
 * not known is no error: its offset is -1. Where a stable offset is required, one that an open transaction may replace
 * is refused: whoever takes a partition over must not read again what the transaction has read (KIP-447).
 */
export function fetchOffsets(
  group: Group | undefined,
  offsets: Offsets,
  asked: OffsetFetchGroup,
  requireStable: boolean,
): OffsetFetchGroupResponse {
  const { groupId } = asked
  const refusal = group?.offsetFetchRefusal(asked.memberId, asked.memberEpoch) ?? null
  if (refusal !== null) return { groupId, topics: [], errorCode: errorCode(refusal) }
  const isUnstable = (topic: string, partition: number) => requireStable && offsets.isPending(groupId, topic, partition)
  if (asked.topics === null) return { groupId, topics: allTopics(offsets, groupId, isUnstable), errorCode: 0 }
  const topics = asked.topics.map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((index) =>
      isUnstable(name, index) ? unstable(index) : fetched(index, sameTopic(offsets.get(groupId, name, index), topicId)),
    ),
  }))
  return { groupId, topics, errorCode: 0 }
}

function allTopics(
  offsets: Offsets,
  groupId: string,
  isUnstable: (topic: string, partition: number) => boolean,
): OffsetFetchGroupResponse['topics'] {
  return [...(offsets.ofGroup(groupId) ?? [])].map(([name, partitions]) => ({
    name,
    topicId: ZERO_UUID,
    partitions: [...partitions].map(([index, committed]) =>
      isUnstable(name, index) ? unstable(index) : fetched(index, committed),
    ),
  }))
}

const isNamed = (topicId: string): boolean => topicId !== ZERO_UUID && topicId !== ''

/** An offset of a topic that was deleted and made anew under its name is none of the new one; without ids nobody knows. */
function sameTopic(committed: CommittedOffset | undefined, topicId: string): CommittedOffset | undefined {
  if (committed === undefined || !isNamed(committed.topicId) || !isNamed(topicId)) return committed
  return committed.topicId === topicId ? committed : undefined
}

function unstable(partitionIndex: number): FetchedPartition {
  return { ...fetched(partitionIndex, undefined), errorCode: errorCode('UNSTABLE_OFFSET_COMMIT') }
}

function fetched(partitionIndex: number, committed: CommittedOffset | undefined): FetchedPartition {
  if (committed === undefined) {
    return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }
  }
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = committed
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: 0 }
}
