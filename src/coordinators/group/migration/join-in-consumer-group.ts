import { KafkaError } from '../../../../protocol/errors.ts'
import type { ConsumerProtocolSubscription } from '../../../../protocol/messages/consumer-protocol.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import { consumerProtocolType } from '../classic/classic-group.ts'
import { memberIdRequiredVersion, rebalanceTimeoutMs } from '../classic/join-group.ts'
import { clientHostText } from '../client-host.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import { groupEpochNow, reconcile, refuseWithoutRoom, targetNow } from '../consumer/consumer-heartbeat.ts'
import { type ConsumerMember, isReconciledTo, newConsumerMember, sameNames } from '../consumer/consumer-member.ts'
import { memberMetadata } from '../consumer/consumer-records.ts'
import { knownStaticMember, refuseIfFull, replaceStaticMember } from '../consumer/heartbeat-member.ts'
import { updateRegexes } from '../consumer/subscribed-regexes.ts'
import type { GroupInput, GroupProtocol, JoinGroupRequest, JoinGroupResponse } from '../group-request.ts'
import { sessionTimer } from '../group-timer.ts'
import { joinRefusal } from '../responses.ts'
import type { Turn } from '../turn.ts'
import { protocolNameOf } from './classic-member-of.ts'
import { awaitSync, restartClassicSession } from './classic-member-timers.ts'
import { downgrade, isDowngrade } from './downgrade.ts'
import { readSubscription, withTopicIds } from './embedded-protocol.ts'
import { mayMix } from './migration-policy.ts'

/** A JoinGroup to a group that has members of the consumer protocol, on its way. */
interface Join {
  readonly group: ConsumerGroup
  readonly input: GroupInput
  readonly request: JoinGroupRequest
  readonly subscription: ConsumerProtocolSubscription
  readonly records: CoordinatorRecord[]
  readonly turn: Turn
}

/** The member before the request and with what it says, and the id of the static one whose place it takes. */
interface Joining {
  readonly before: ConsumerMember
  readonly after: ConsumerMember
  readonly former: ConsumerMember | null
}

/**
 * A classic member joins a consumer group. It is answered at once, as a follower without a leader; the coordinator has its metadata
 * and gives it an assignment like any other. What it owns stands in its metadata, so that it joins again to give partitions up.
 */
export function joinInConsumerGroup(group: ConsumerGroup, input: GroupInput, request: JoinGroupRequest, turn: Turn): void {
  try {
    turn.reply<JoinGroupResponse>(input.id, join(group, input, request, turn))
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    turn.reply(input.id, joinRefusal('', error.code))
  }
}

function join(group: ConsumerGroup, input: GroupInput, request: JoinGroupRequest, turn: Turn): JoinGroupResponse {
  const { version } = input.caller
  if (!mayMix(turn.settings.migrationPolicy)) throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL')
  const isUnknown = request.memberId === ''
  const memberId = isUnknown ? turn.random.uuid() : request.memberId
  refuseIfFull(group, memberId, turn)
  if (!supports(group, request)) throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL')
  if (isUnknown && request.groupInstanceId === null && version >= memberIdRequiredVersion) {
    return joinRefusal(memberId, 'MEMBER_ID_REQUIRED')
  }
  const subscription = readSubscription(request.protocols[0]!.metadata)
  // Kafka says the same of metadata that is no consumer's.
  if (subscription === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR')
  const way: Join = { group, input, request, subscription, records: [], turn }
  const member = joined(way, subscribed(way, memberId, isUnknown))
  for (const record of way.records) turn.record(record)
  return joinAnswer(member)
}

/** One protocol at least that all other classic members know. */
function supports(group: ConsumerGroup, { protocolType, protocols }: JoinGroupRequest): boolean {
  if (protocolType !== consumerProtocolType) return false
  return protocols.some(({ name }) => (group.classicProtocols.get(name) ?? 0) === group.classicMemberCount)
}

/** A new member, one that joins again, or a static one that takes the place of its former self, whatever protocol that spoke. */
function subscribed(way: Join, memberId: string, isUnknown: boolean): Joining {
  const { group, request, records } = way
  const { groupInstanceId: instanceId } = request
  const former = instanceId === null ? undefined : group.staticMember(instanceId)
  if (instanceId === null || (former === undefined && isUnknown)) {
    return described(way, group.members.get(memberId) ?? newConsumerMember(memberId), null)
  }
  if (!isUnknown || former === undefined) return described(way, knownStaticMember(group, memberId, instanceId), former ?? null)
  return described(way, replaceStaticMember(group, former, memberId, records), former)
}

function described(way: Join, before: ConsumerMember, former: ConsumerMember | null): Joining {
  const { input, request, subscription } = way
  const { version, clientId, clientHost } = input.caller
  const names = new Set(subscription.topics)
  const timeoutMs = rebalanceTimeoutMs(request, version)
  const after: ConsumerMember = {
    ...before,
    instanceId: request.groupInstanceId ?? before.instanceId,
    rackId: subscription.rackId ?? before.rackId,
    rebalanceTimeoutMs: timeoutMs === -1 ? before.rebalanceTimeoutMs : timeoutMs,
    subscribedTopicNames: sameNames(names, before.subscribedTopicNames) ? before.subscribedTopicNames : names,
    // It says which topics it means.
    subscribedTopicRegex: '',
    clientId,
    clientHost: clientHostText(clientHost),
    classic: { sessionTimeoutMs: request.sessionTimeoutMs, supportedProtocols: request.protocols },
  }
  return { before, after: isSaidAlready(before, after) ? before : after, former }
}

function isSaidAlready(before: ConsumerMember, after: ConsumerMember): boolean {
  const { classic: said, ...others } = after
  const isSame = (Object.keys(others) as (keyof typeof others)[]).every((key) => after[key] === before[key])
  return (
    isSame &&
    before.classic?.sessionTimeoutMs === said?.sessionTimeoutMs &&
    sameProtocols(before.classic?.supportedProtocols, said?.supportedProtocols)
  )
}

function sameProtocols(one: readonly GroupProtocol[] = [], other: readonly GroupProtocol[] = []): boolean {
  if (one.length !== other.length) return false
  return one.every(({ name, metadata }, index) => name === other[index]!.name && metadata.equals(other[index]!.metadata))
}

/** Adds the records of all that follows, and gives the member as it then is. */
function joined(way: Join, { before, after, former }: Joining): ConsumerMember {
  const { group, input, request, subscription, records, turn } = way
  if (after !== before) records.push(memberMetadata(group.groupId, after))
  const haveNamesChanged = !sameNames(before.subscribedTopicNames, after.subscribedTopicNames)
  const regexes = updateRegexes(group, before, after, input.caller, null, records, turn)
  const mustRise = haveNamesChanged || regexes !== 'unchanged'
  const epoch = groupEpochNow(group, before, after, mustRise, records, turn)
  const owned = withTopicIds(subscription.ownedPartitions, turn.topics)

  if (former !== null && isDowngrade(group, { leaving: [former], joining: after }, turn)) {
    const { assignmentEpoch } = group
    const isStale = assignmentEpoch < epoch
    const target = { epoch: assignmentEpoch, partitions: group.target(former.id) }
    const member = isStale ? after : reconcile(group, after, target, mustRise, owned, records, turn)
    // Kafka looks at the epochs alone: a group whose members still move partitions would stay so for ever.
    const rebalances = isStale || !isReconciled(group, former, member)
    const converted = downgrade(group, { leaving: [former], joining: member, rebalances }, turn)
    // What the member has changed of a group that is no more need not be written.
    if (converted !== null) {
      records.splice(0, records.length, ...converted)
      return member
    }
  }

  const target = targetNow(group, before, after, epoch, records, turn)
  const member = reconcile(group, after, target, mustRise, owned, records, turn)
  refuseWithoutRoom(group, before, member, target, records, turn)
  if (former !== null && former.id !== member.id) turn.cancelTimer(sessionTimer(group.groupId, former.id))
  restartClassicSession(group, member, turn)
  awaitSync(group, { ...member, rebalanceTimeoutMs: rebalanceTimeoutMs(request, input.caller.version) }, turn)
  return member
}

function isReconciled(group: ConsumerGroup, former: ConsumerMember, joining: ConsumerMember): boolean {
  for (const member of group.members.values()) {
    if (!isReconciledTo(member === former ? joining : member, group.assignmentEpoch)) return false
  }
  return true
}

const joinAnswer = ({ id, epoch, classic }: ConsumerMember): JoinGroupResponse => ({
  errorCode: 0,
  generationId: epoch,
  protocolType: consumerProtocolType,
  protocolName: classic === null ? null : protocolNameOf(classic),
  leader: '',
  skipAssignment: false,
  memberId: id,
  members: [],
})
