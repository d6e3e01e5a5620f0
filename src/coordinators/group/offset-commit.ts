import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../machine.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { GroupInput, OffsetCommitRequest, OffsetCommitResponse } from './group-request.ts'
import type { CommittedOffset } from './offsets.ts'
import { restartSession } from './rebalance.ts'
import { offsetCommit } from './records.ts'
import type { Turn } from './turn.ts'

/** From this version on a missing group is called one (KIP-848). */
const groupIdNotFoundVersion = 9

type CommitTopic = OffsetCommitRequest['topics'][number]
type CommitPartition = CommitTopic['partitions'][number]

/** Without a group a commit that names no generation makes one: a simple group, of a consumer that assigns itself. */
export function commitOffsets(
  group: ClassicGroup | undefined,
  input: GroupInput,
  request: OffsetCommitRequest,
  turn: Turn,
): void {
  const error = group === undefined ? refusalWithoutGroup(request, input.caller.version) : refusalOf(group, request)
  if (error !== null) {
    turn.reply(
      input.id,
      answered(request, () => error),
    )
    return
  }
  const member = group?.members.get(request.memberId)
  const isSession = group?.state === 'Stable' || group?.state === 'PreparingRebalance'
  if (group !== undefined && member !== undefined && isSession) restartSession(group, member, turn)
  const records: CoordinatorRecord[] = []
  const response = answered(request, (topic, partition) => {
    const metadata = partition.committedMetadata ?? ''
    if (metadata.length > turn.settings.offsetMetadataLengthMax) return 'OFFSET_METADATA_TOO_LARGE'
    const committed = committedOffset(request, topic, partition, turn)
    records.push(offsetCommit(request.groupId, topic.name, partition.partitionIndex, committed))
    return 'NONE'
  })
  if (!turn.fitsBatch(records)) {
    turn.reply(
      input.id,
      answered(request, () => 'UNKNOWN_SERVER_ERROR'),
    )
    return
  }
  for (const record of records) turn.record(record)
  turn.reply(input.id, response)
}

function refusalWithoutGroup(request: OffsetCommitRequest, version: number): ErrorName | null {
  if (request.generationIdOrMemberEpoch < 0) return null
  return version >= groupIdNotFoundVersion ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
}

function refusalOf(group: ClassicGroup, request: OffsetCommitRequest): ErrorName | null {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request
  if (generationId < 0 && group.state === 'Empty') return null
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return 'UNKNOWN_MEMBER_ID'
  const fenced = group.fenceMember(memberId, groupInstanceId)
  if (fenced !== null) return fenced
  if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  // The member knows the generation, but not yet whether the partition is still its own.
  return group.state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : null
}

function committedOffset(
  { retentionTimeMs }: OffsetCommitRequest,
  { topicId }: CommitTopic,
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
    expireTimestampMs: retentionTimeMs === -1n ? null : now + retentionTimeMs,
    topicId,
  }
}

function answered(
  request: OffsetCommitRequest,
  errorOf: (topic: CommitTopic, partition: CommitPartition) => ErrorName,
): OffsetCommitResponse {
  const topics = request.topics.map((topic) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitions.map((partition) => ({
      partitionIndex: partition.partitionIndex,
      errorCode: errorCode(errorOf(topic, partition)),
    })),
  }))
  return { topics }
}
