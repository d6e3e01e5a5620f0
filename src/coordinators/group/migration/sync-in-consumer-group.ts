import { KafkaError } from '../../../../protocol/errors.ts'
import { consumerProtocolType } from '../classic/classic-group.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { GroupInput, SyncGroupRequest, SyncGroupResponse } from '../group-request.ts'
import { syncRefusal } from '../responses.ts'
import type { Turn } from '../turn.ts'
import { type ClassicMemberInConsumerGroup, classicMemberOf, protocolNameOf } from './classic-member-of.ts'
import { awaitJoin, restartClassicSession, syncArrived } from './classic-member-timers.ts'
import { writeAssignment } from './embedded-protocol.ts'

/** A classic member asks for what it was given when it joined. It never waits: the coordinator assigns, not a leader. */
export function syncInConsumerGroup(group: ConsumerGroup, input: GroupInput, request: SyncGroupRequest, turn: Turn): void {
  try {
    const member = classicMemberOf(group, request)
    refuseOtherProtocol(member, request)
    refuseIfBehind(group, member, turn)
    syncArrived(group, member.id, turn)
    restartClassicSession(group, member, turn)
    const { protocolType, protocolName } = request
    const protocol = member.classic.supportedProtocols[0] ?? { name: '', metadata: Buffer.alloc(0) }
    const assignment = writeAssignment(member.assigned, protocol, turn.topics)
    turn.reply<SyncGroupResponse>(input.id, { errorCode: 0, protocolType, protocolName, assignment })
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    turn.reply(input.id, syncRefusal(error.code))
  }
}

function refuseOtherProtocol({ classic }: ClassicMemberInConsumerGroup, { protocolType, protocolName }: SyncGroupRequest): void {
  const isSameType = protocolType === null || protocolType === consumerProtocolType
  const isSameName = protocolName === null || protocolName === protocolNameOf(classic)
  if (!isSameType || !isSameName) throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL')
}

/** Who still gives partitions up has joined already: it gets what it keeps, and joins again when it has given up the rest. */
function refuseIfBehind(group: ConsumerGroup, member: ClassicMemberInConsumerGroup, turn: Turn): void {
  if (group.assignmentEpoch <= member.epoch || member.state === 'UnrevokedPartitions') return
  awaitJoin(group, member, turn)
  throw new KafkaError('REBALANCE_IN_PROGRESS')
}
