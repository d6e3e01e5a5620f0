import type { ErrorName } from '../../../../protocol/errors.ts'
import type { CommittedTopic, Committer } from '../group.ts'
import { assignmentEpochOf, type ConsumerMember } from './consumer-member.ts'

/** Members of the consumer protocol know the errors of this version of OffsetCommit. */
const memberEpochVersion = 9

type Members = ReadonlyMap<string, ConsumerMember>

/** A member of the classic protocol does not know epochs: it is told of its generation. */
const staleError = ({ classic }: ConsumerMember): ErrorName => (classic === null ? 'STALE_MEMBER_EPOCH' : 'ILLEGAL_GENERATION')

/**
 * Why a member may not commit. The epoch must be its own, or an older one if since then it has held each of the
 * partitions (KIP-1251): a commit that was sent just before the epoch moved on is as good as it was.
 */
export function commitRefusal(members: Members, committer: Committer, topics: readonly CommittedTopic[]): ErrorName | null {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: epoch, isTransactional, version } = committer
  if (epoch < 0 && members.size === 0) return null
  if (isTransactional && epoch === -1 && memberId === '' && groupInstanceId === null) return null
  const member = members.get(memberId)
  if (member === undefined) return 'UNKNOWN_MEMBER_ID'
  if (!isTransactional && member.classic === null && version < memberEpochVersion) return 'UNSUPPORTED_VERSION'
  if (epoch === member.epoch) return null
  if (epoch > member.epoch) return staleError(member)
  const isHeldSince = topics.every(({ topicId, partitions }) =>
    partitions.every(({ partitionIndex }) => epoch >= (assignmentEpochOf(member, topicId, partitionIndex) ?? Infinity)),
  )
  return isHeldSince ? null : staleError(member)
}

/** An administrator, or an older client, names neither. */
export function fetchRefusal(members: Members, memberId: string | null, memberEpoch: number): ErrorName | null {
  if (memberId === null && memberEpoch < 0) return null
  const member = memberId === null ? undefined : members.get(memberId)
  if (member === undefined) return 'UNKNOWN_MEMBER_ID'
  return memberEpoch === member.epoch ? null : staleError(member)
}
