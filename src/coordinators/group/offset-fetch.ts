import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { OffsetFetchGroup, OffsetFetchGroupResponse } from './group-request.ts'
import type { CommittedOffset, Offsets } from './offsets.ts'

type FetchedPartition = OffsetFetchGroupResponse['topics'][number]['partitions'][number]

/**
 * The committed offsets of one group, of the topics asked for or, where null is, of all. A group or a partition that is
 * not known is no error: its offset is -1.
 */
export function fetchOffsets(offsets: Offsets, asked: OffsetFetchGroup): OffsetFetchGroupResponse {
  const { groupId } = asked
  if (asked.topics === null) return { groupId, topics: allTopics(offsets, groupId), errorCode: 0 }
  const topics = asked.topics.map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((index) => fetched(index, sameTopic(offsets.get(groupId, name, index), topicId))),
  }))
  return { groupId, topics, errorCode: 0 }
}

function allTopics(offsets: Offsets, groupId: string): OffsetFetchGroupResponse['topics'] {
  return [...(offsets.ofGroup(groupId) ?? [])].map(([name, partitions]) => ({
    name,
    topicId: ZERO_UUID,
    partitions: [...partitions].map(([index, committed]) => fetched(index, committed)),
  }))
}

const isNamed = (topicId: string): boolean => topicId !== ZERO_UUID && topicId !== ''

/** An offset of a topic that was deleted and made anew under its name is none of the new one; without ids nobody knows. */
function sameTopic(committed: CommittedOffset | undefined, topicId: string): CommittedOffset | undefined {
  if (committed === undefined || !isNamed(committed.topicId) || !isNamed(topicId)) return committed
  return committed.topicId === topicId ? committed : undefined
}

function fetched(partitionIndex: number, committed: CommittedOffset | undefined): FetchedPartition {
  if (committed === undefined) {
    return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }
  }
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = committed
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: 0 }
}
