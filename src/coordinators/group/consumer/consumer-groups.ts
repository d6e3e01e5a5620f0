import { type ErrorName, errorCode, KafkaError } from '../../../../protocol/errors.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import type { Group } from '../group.ts'
import type { GroupInput } from '../group-request.ts'
import type { GroupSettings } from '../group-settings.ts'
import { endClassic, upgraded } from '../migration/upgrade.ts'
import type { Turn } from '../turn.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { beat } from './consumer-heartbeat.ts'
import { leaveEpoch, staticLeaveEpoch } from './consumer-member.ts'
import type { AskedHeartbeat, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './consumer-request.ts'
import { leave } from './leave-consumer-group.ts'
import { restartMemberSession, setRebalanceTimer } from './member-timers.ts'

/** From this version on a member makes its own id (KIP-1082). */
const ownMemberIdVersion = 1

export const heartbeatRefusal = (error: ErrorName, errorMessage: string | null): ConsumerGroupHeartbeatResponse => ({
  errorCode: errorCode(error),
  errorMessage,
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
})

/** What Kafka refuses before it looks for the coordinator; null where it goes on. */
export function heartbeatRefusalBeforeLookup(
  request: ConsumerGroupHeartbeatRequest,
  version: number,
  settings: GroupSettings,
): ConsumerGroupHeartbeatResponse | null {
  const reason = whyInvalid(request, version)
  if (reason !== null) return heartbeatRefusal('INVALID_REQUEST', reason)
  const { serverAssignor } = request
  const supported = settings.consumerAssignors.map(({ name }) => name)
  if (serverAssignor === null || supported.includes(serverAssignor)) return null
  return heartbeatRefusal(
    'UNSUPPORTED_ASSIGNOR',
    `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${supported.join(', ')}.`,
  )
}

const isBlank = (text: string | null): boolean => text !== null && text.trim() === ''

function whyInvalid(request: ConsumerGroupHeartbeatRequest, version: number): string | null {
  const { memberEpoch } = request
  const needsMemberId = version >= ownMemberIdVersion || memberEpoch > 0 || memberEpoch === leaveEpoch
  if (needsMemberId && isBlank(request.memberId)) return "MemberId can't be empty."
  if (isBlank(request.groupId)) return "GroupId can't be empty."
  if (isBlank(request.instanceId)) return "InstanceId can't be empty."
  if (isBlank(request.rackId)) return "RackId can't be empty."
  if (memberEpoch === 0) return whyInvalidJoin(request)
  if (memberEpoch === staticLeaveEpoch) return request.instanceId === null ? "InstanceId can't be null." : null
  return memberEpoch < staticLeaveEpoch ? 'MemberEpoch is invalid.' : null
}

function whyInvalidJoin(request: ConsumerGroupHeartbeatRequest): string | null {
  if (request.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.'
  if (request.topicPartitions === null || request.topicPartitions.length > 0) {
    return 'TopicPartitions must be empty when (re-)joining.'
  }
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
  }
  return null
}

/** A member joins, goes on, or leaves. Gives the group where there was none before. */
export function heartbeatToConsumerGroup(
  known: Group | undefined,
  input: GroupInput,
  asked: AskedHeartbeat,
  turn: Turn,
): ConsumerGroup | null {
  const { request } = asked
  const isLeaving = request.memberEpoch === leaveEpoch || request.memberEpoch === staticLeaveEpoch
  try {
    const upgrade = isUpgrade(known, request) ? upgraded(known, turn) : null
    const group = upgrade?.group ?? (isLeaving ? groupToLeave(known, request.groupId) : groupToBeIn(known, request))
    const { records, response } = isLeaving ? leave(group, request, turn) : beat(group, input, asked, turn)
    if (known instanceof ClassicGroup) endClassic(known, request.instanceId, turn)
    const former = upgrade?.records ?? (known instanceof ClassicGroup ? known.tombstones() : [])
    for (const record of [...former, ...records]) turn.record(record)
    turn.reply<ConsumerGroupHeartbeatResponse>(input.id, response)
    return known === undefined ? group : null
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    turn.reply<ConsumerGroupHeartbeatResponse>(input.id, heartbeatRefusal(error.code, error.message))
    return null
  }
}

/** A member of the consumer protocol joins a classic group that has others. */
const isUpgrade = (known: Group | undefined, { memberEpoch }: ConsumerGroupHeartbeatRequest): known is ClassicGroup =>
  known instanceof ClassicGroup && !known.isEmpty && memberEpoch === 0

function groupToLeave(known: Group | undefined, groupId: string): ConsumerGroup {
  if (known instanceof ConsumerGroup) return known
  if (known === undefined) throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
  throw notConsumerGroup(groupId)
}

/** Whoever joins makes it; from an empty classic group, too. */
function groupToBeIn(known: Group | undefined, { groupId, memberEpoch }: ConsumerGroupHeartbeatRequest): ConsumerGroup {
  if (known instanceof ConsumerGroup) return known
  const joins = memberEpoch === 0
  if (known === undefined && !joins) throw new KafkaError('GROUP_ID_NOT_FOUND', `Consumer group ${groupId} not found.`)
  if (known === undefined || (joins && known.isEmpty)) return new ConsumerGroup(groupId)
  throw notConsumerGroup(groupId)
}

const notConsumerGroup = (groupId: string): KafkaError =>
  new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`)

/** After a restart sessions begin anew, and so does the time that members have to give partitions up. */
export function consumerGroupLoaded(group: ConsumerGroup, turn: Turn): void {
  for (const member of group.members.values()) {
    restartMemberSession(group.groupId, member.id, turn)
    if (member.state === 'UnrevokedPartitions') setRebalanceTimer(group.groupId, member, turn)
  }
}
