import type { ErrorName } from '../../../../protocol/errors.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import { restartSession } from '../classic/rebalance.ts'
import type { Committer, Group } from '../group.ts'
import type { GroupInput, OffsetCommitRequest } from '../group-request.ts'
import { offsetCommit } from '../records.ts'
import type { Turn } from '../turn.ts'
import { answerCommit, refuseCommit, sizedTopics } from './commit-answer.ts'
import type { CommittedOffset } from './offsets.ts'

/** From this version on a missing group is called one (KIP-848). */
const groupIdNotFoundVersion = 9

type CommitPartition = OffsetCommitRequest['topics'][number]['partitions'][number]

/** Without a group a commit that names no generation makes one: a simple group, of a consumer that assigns itself. */
export function commitOffsets(group: Group | undefined, input: GroupInput, request: OffsetCommitRequest, turn: Turn): void {
  const { version } = input.caller
  const error = group === undefined ? refusalWithoutGroup(request, version) : refusalOf(group, request, version, turn)
  if (error !== null) {
    refuseCommit(input, request, error, turn)
    return
  }
  if (group instanceof ClassicGroup) restartCommitterSession(group, request.memberId, turn)
  answerCommit(input, request, turn, (topic, partition) =>
    offsetCommit(request.groupId, topic.name, partition.partitionIndex, committedOffset(request, topic.topicId, partition, turn)),
  )
}

function refusalWithoutGroup(request: OffsetCommitRequest, version: number): ErrorName | null {
  if (request.generationIdOrMemberEpoch < 0) return null
  return version >= groupIdNotFoundVersion ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
}

function refusalOf(group: Group, request: OffsetCommitRequest, version: number, turn: Turn): ErrorName | null {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch } = request
  const committer: Committer = { memberId, groupInstanceId, generationIdOrMemberEpoch, isTransactional: false, version }
  return group.offsetCommitRefusal(committer, sizedTopics(request, turn))
}

function restartCommitterSession(group: ClassicGroup, memberId: string, turn: Turn): void {
  const member = group.members.get(memberId)
  if (member === undefined) return
  if (group.state === 'Stable' || group.state === 'PreparingRebalance') restartSession(group, member, turn)
}

function committedOffset(
  { retentionTimeMs }: OffsetCommitRequest,
  topicId: string,
  partition: CommitPartition,
  turn: Turn,
): CommittedOffset {
  const now = BigInt(turn.nowMs)
  return {
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
    // OffsetCommit 1 names its own.
    commitTimestampMs: partition.commitTimestamp === -1n ? now : partition.commitTimestamp,
    expireTimestampMs: retentionTimeMs === -1n ? null : atMost(now + retentionTimeMs, timestampMax),
    topicId,
  }
}

/** To some clients the longest time there is means forever. Kafka's sum overflows, and the offset expires at once. */
const timestampMax = 2n ** 63n - 1n

const atMost = (value: bigint, most: bigint): bigint => (value > most ? most : value)
