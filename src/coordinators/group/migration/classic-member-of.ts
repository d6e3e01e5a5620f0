import { KafkaError } from '../../../../protocol/errors.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { ClassicMemberMetadata, ConsumerMember } from '../consumer/consumer-member.ts'
import { knownStaticMember, unknownMember } from '../consumer/heartbeat-member.ts'

export interface ClassicMemberInConsumerGroup extends ConsumerMember {
  readonly classic: ClassicMemberMetadata
}

interface MemberRequest {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

/** The member that a SyncGroup or a Heartbeat speaks for. Its generation is its epoch. Throws KafkaError. */
export function classicMemberOf(
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId }: MemberRequest,
): ClassicMemberInConsumerGroup {
  const member = groupInstanceId === null ? group.members.get(memberId) : knownStaticMember(group, memberId, groupInstanceId)
  if (member === undefined) throw unknownMember(memberId, group.groupId)
  const { classic } = member
  if (classic === null) throw new KafkaError('UNKNOWN_MEMBER_ID', `Member ${memberId} does not use the classic protocol.`)
  if (generationId !== member.epoch) throw new KafkaError('ILLEGAL_GENERATION')
  return { ...member, classic }
}

/** The name that a member is told in answer to its JoinGroup: members need not agree on one, since nobody leads. */
export const protocolNameOf = ({ supportedProtocols }: ClassicMemberMetadata): string => supportedProtocols[0]?.name ?? ''
