import { KafkaError } from '../../../../protocol/errors.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { ConsumerMember } from '../consumer/consumer-member.ts'
import type { GroupInput, HeartbeatRequest } from '../group-request.ts'
import { heartbeatAnswer } from '../responses.ts'
import type { Turn } from '../turn.ts'
import { classicMemberOf } from './classic-member-of.ts'
import { awaitJoin, restartClassicSession } from './classic-member-timers.ts'

/** A classic member is told to join again whenever it has something to give up or to get: that is all that it understands. */
export function heartbeatInConsumerGroup(group: ConsumerGroup, input: GroupInput, request: HeartbeatRequest, turn: Turn): void {
  try {
    const member = classicMemberOf(group, request)
    restartClassicSession(group, member, turn)
    const mustJoin = isBehind(group, member)
    if (mustJoin) awaitJoin(group, member, turn)
    turn.reply(input.id, heartbeatAnswer(mustJoin ? 'REBALANCE_IN_PROGRESS' : 'NONE'))
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    turn.reply(input.id, heartbeatAnswer(error.code))
  }
}

function isBehind(group: ConsumerGroup, member: ConsumerMember): boolean {
  if (member.epoch < group.assignmentEpoch || member.state === 'UnrevokedPartitions') return true
  return member.state === 'UnreleasedPartitions' && !waitsForOthers(group, member)
}

function waitsForOthers(group: ConsumerGroup, { id, assigned }: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.target(id)) {
    for (const partition of partitions) {
      if (!assigned.get(topicId)?.has(partition) && group.ownerOf(topicId, partition) !== undefined) return true
    }
  }
  return false
}
