import type { ErrorName } from '../../../../protocol/errors.ts'
import type { Committer, Group } from '../group.ts'
import type { GroupInput, TxnOffsetCommitRequest } from '../group-request.ts'
import { offsetCommit } from '../records.ts'
import type { Turn } from '../turn.ts'
import { answerCommit, refuseCommit, sizedTopics } from './commit-answer.ts'

/** From this version on clients know the errors of consumer groups (KIP-1319). */
const memberEpochVersion = 6

/**
 * Offsets that hold once their transaction is committed (KIP-98). The state of the group does not matter: who commits
 * late is stopped by its generation, or by the epoch of its producer.
 */
export function commitTransactionalOffsets(
  group: Group | undefined,
  input: GroupInput,
  request: TxnOffsetCommitRequest,
  turn: Turn,
): void {
  const { version } = input.caller
  const error = group === undefined ? refusalWithoutGroup(request, version) : refusalOf(group, request, version, turn)
  if (error !== null) {
    refuseCommit(input, request, error, turn)
    return
  }
  const producer = { id: request.producerId, epoch: request.producerEpoch }
  answerCommit(input, request, turn, (topic, partition) => {
    const committed = {
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestampMs: BigInt(turn.nowMs),
      expireTimestampMs: null,
      topicId: topic.topicId,
    }
    return offsetCommit(request.groupId, topic.name, partition.partitionIndex, committed, producer)
  })
}

function refusalWithoutGroup(request: TxnOffsetCommitRequest, version: number): ErrorName | null {
  if (request.generationIdOrMemberEpoch < 0) return null
  return version >= memberEpochVersion ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
}

function refusalOf(group: Group, request: TxnOffsetCommitRequest, version: number, turn: Turn): ErrorName | null {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch } = request
  const committer: Committer = { memberId, groupInstanceId, generationIdOrMemberEpoch, isTransactional: true, version }
  const refusal = group.offsetCommitRefusal(committer, sizedTopics(request, turn))
  return refusal === 'STALE_MEMBER_EPOCH' && version < memberEpochVersion ? 'ILLEGAL_GENERATION' : refusal
}
