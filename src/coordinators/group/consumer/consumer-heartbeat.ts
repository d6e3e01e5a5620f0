import { KafkaError } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { SubscriptionType, TopicPartitions } from '../assignors/partition-assignor.ts'
import { clientHostText } from '../client-host.ts'
import type { GroupInput } from '../group-request.ts'
import { rebalanceTimer, sessionTimer } from '../group-timer.ts'
import { noRoomError } from '../responses.ts'
import type { Turn } from '../turn.ts'
import { type ConsumerGroup, noTopicPartitions, subscriptionType } from './consumer-group.ts'
import { type ConsumerMember, memberBytes, partitionsBytes, sameAssigned, sameNames } from './consumer-member.ts'
import { currentAssignment, groupEpoch, memberMetadata, partitionMetadataTombstone } from './consumer-records.ts'
import type {
  AskedHeartbeat,
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  HeartbeatTopicPartitions,
} from './consumer-request.ts'
import { reconciled } from './current-assignment.ts'
import { subscribeMember } from './heartbeat-member.ts'
import { restartMemberSession, setRebalanceTimer } from './member-timers.ts'
import { subscribedHash } from './subscribed-hash.ts'
import { updateRegexes } from './subscribed-regexes.ts'
import { assignTargets, preferredAssignor, SubscribedTopicIds } from './target-assignment.ts'

interface Target {
  readonly epoch: number
  readonly partitions: TopicPartitions
}

/**
 * A member says that it is there, what has changed of it, and what it owns; it is told what it shall own. Throws
 * KafkaError where it is refused: nothing is written then.
 */
export function beat(
  group: ConsumerGroup,
  input: GroupInput,
  { request, invalidRegex }: AskedHeartbeat,
  turn: Turn,
): { records: readonly CoordinatorRecord[]; response: ConsumerGroupHeartbeatResponse } {
  const records: CoordinatorRecord[] = []
  const { member, replaces } = subscribeMember(group, request, records, turn)
  const described = withRequest(member, request, input)
  if (described !== member) records.push(metadataWithRoom(group, member, described, turn))
  const haveNamesChanged = !sameNames(member.subscribedTopicNames, described.subscribedTopicNames)
  const regexes = updateRegexes(group, member, described, input.caller, invalidRegex, records, turn)
  const epoch = groupEpochNow(group, member, described, haveNamesChanged || regexes === 'resolved', records, turn)
  const target = targetNow(group, member, described, epoch, records, turn)
  const updated = reconcile(
    group,
    described,
    target,
    haveNamesChanged || regexes !== 'unchanged',
    request.topicPartitions,
    records,
    turn,
  )
  refuseWithoutRoom(group, member, updated, target, records, turn)
  if (replaces !== null && replaces !== updated.id) turn.cancelTimer(sessionTimer(group.groupId, replaces))
  if (updated !== described) followRebalance(group.groupId, described, updated, turn)
  restartMemberSession(group.groupId, updated.id, turn)
  const { heartbeatIntervalMs } = turn.consumerConfig(group.groupId)
  if (updated.instanceId === null) {
    const { connection } = input.caller
    turn.ties.named(group.groupId, updated.id, { connection, by: 'heartbeat', heartbeatIntervalMs }, turn)
  }
  return { records, response: answer(request, member, updated, heartbeatIntervalMs) }
}

/** What could not be kept is refused before all else that a long list of names would cost. */
function metadataWithRoom(group: ConsumerGroup, before: ConsumerMember, after: ConsumerMember, turn: Turn): CoordinatorRecord {
  const heldBytes = group.members.has(before.id) ? memberBytes(before) : 0
  if (!turn.hasRoom(memberBytes(after) - heldBytes)) throw new KafkaError(noRoomError)
  const record = memberMetadata(group.groupId, after)
  if (!turn.fitsBatch([record])) throw new KafkaError('UNKNOWN_SERVER_ERROR')
  return record
}

/** Null: as before. Only what is new is compared: most heartbeats say nothing. */
function withRequest(member: ConsumerMember, request: ConsumerGroupHeartbeatRequest, input: GroupInput): ConsumerMember {
  const names = request.subscribedTopicNames === null ? null : new Set(request.subscribedTopicNames)
  const isSameNames = names === null || sameNames(names, member.subscribedTopicNames)
  const described: ConsumerMember = {
    ...member,
    instanceId: request.instanceId ?? member.instanceId,
    rackId: request.rackId ?? member.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : request.rebalanceTimeoutMs,
    assignorName: request.serverAssignor ?? member.assignorName,
    subscribedTopicNames: isSameNames ? member.subscribedTopicNames : names,
    subscribedTopicRegex: request.subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId: input.caller.clientId,
    clientHost: clientHostText(input.caller.clientHost),
    classic: null,
  }
  // A member without records of its own differs in any case.
  const isSame = (Object.keys(described) as (keyof ConsumerMember)[]).every((key) => described[key] === member[key])
  return isSame ? member : described
}

/** Higher where the target assignment must be made anew: the subscriptions changed, or the topics that they are about. */
export function groupEpochNow(
  group: ConsumerGroup,
  before: ConsumerMember,
  after: ConsumerMember,
  mustRise: boolean,
  records: CoordinatorRecord[],
  turn: Turn,
): number {
  const { topics } = turn
  if (!mustRise && group.checkedVersion === topics.version) return group.epoch
  const hash = subscribedHash(group.subscriptionsWith(before, after).names, turn)
  const rises = mustRise || hash !== group.metadataHash
  const epoch = group.epoch + (rises ? 1 : 0)
  // What is to be written may still be refused: then the next heartbeat has to find the same.
  if (rises) records.push(groupEpoch(group.groupId, epoch, hash))
  else group.checkedVersion = topics.version
  if (group.hasPartitionMetadata) records.push(partitionMetadataTombstone(group.groupId))
  return epoch
}

/** A new one where the group's epoch is ahead, unless the last is too recent: then it stays until a later heartbeat. */
export function targetNow(
  group: ConsumerGroup,
  before: ConsumerMember,
  updated: ConsumerMember,
  epoch: number,
  records: CoordinatorRecord[],
  turn: Turn,
): Target {
  if (group.assignmentEpoch >= epoch || !mayAssign(group, turn)) {
    return { epoch: group.assignmentEpoch, partitions: lastTarget(group, updated) }
  }
  const { consumerAssignors } = turn.settings
  const assignor = preferredAssignor(group, before, updated, consumerAssignors)
  const { topics, nowMs } = turn
  const type = subscriptionTypeWith(group, before, updated)
  const assigned = assignTargets({ group, epoch, updated, subscriptionType: type, assignor, topics, nowMs })
  records.push(...assigned.records)
  return { epoch, partitions: assigned.target }
}

/**
 * With the member as it now is. Kafka asks the group as it was where the member brings an expression that is not matched yet: one that
 * joins is then given topics of the others that it does not subscribe to, and if the expression matches nothing, nobody ever reads them.
 */
function subscriptionTypeWith(group: ConsumerGroup, before: ConsumerMember, after: ConsumerMember): SubscriptionType {
  const isKnown = group.members.has(after.id) || (after.instanceId !== null && group.staticMember(after.instanceId) !== undefined)
  const memberCount = group.members.size + (isKnown ? 0 : 1)
  return subscriptionType(group.regexesWith(before, after), group.subscriptionsWith(before, after).counts, memberCount)
}

function mayAssign(group: ConsumerGroup, turn: Turn): boolean {
  const { assignmentIntervalMs } = turn.consumerConfig(group.groupId)
  const { assignmentTimestampMs } = group
  if (assignmentTimestampMs === 0n || assignmentIntervalMs === 0) return true
  return BigInt(turn.nowMs) >= assignmentTimestampMs + BigInt(assignmentIntervalMs)
}

/** A static member that has come back has the target of its former self. */
function lastTarget(group: ConsumerGroup, { id, instanceId }: ConsumerMember): TopicPartitions {
  if (instanceId === null) return group.target(id)
  const former = group.staticMember(instanceId)
  return former === undefined ? noTopicPartitions : group.target(former.id)
}

export function reconcile(
  group: ConsumerGroup,
  member: ConsumerMember,
  target: Target,
  hasSubscriptionChanged: boolean,
  owned: readonly HeartbeatTopicPartitions[] | null,
  records: CoordinatorRecord[],
  turn: Turn,
): ConsumerMember {
  if (!hasSubscriptionChanged && member.state === 'Stable' && member.epoch === target.epoch) return member
  const updated = reconciled(member, {
    targetEpoch: target.epoch,
    target: target.partitions,
    subscribedTopicIds: new SubscribedTopicIds(group, turn.topics).of(member),
    hasSubscriptionChanged,
    owned,
    isHeld: (topicId, partition) => group.ownerOf(topicId, partition) !== undefined,
  })
  if (isSameAssignment(member, updated)) return member
  records.push(currentAssignment(group.groupId, updated))
  return updated
}

function followRebalance(groupId: string, before: ConsumerMember, after: ConsumerMember, turn: Turn): void {
  if (after.state === 'UnrevokedPartitions') setRebalanceTimer(groupId, after, turn)
  else if (before.state === 'UnrevokedPartitions') turn.cancelTimer(rebalanceTimer(groupId, after.id))
}

const isSameAssignment = (one: ConsumerMember, other: ConsumerMember): boolean =>
  one === other ||
  (one.state === other.state &&
    one.epoch === other.epoch &&
    one.previousEpoch === other.previousEpoch &&
    sameAssigned(one.assigned, other.assigned) &&
    sameAssigned(one.pendingRevocation, other.pendingRevocation))

/** Whoever needs no more than before goes on, however full the memory is. */
export function refuseWithoutRoom(
  group: ConsumerGroup,
  before: ConsumerMember,
  after: ConsumerMember,
  target: Target,
  records: readonly CoordinatorRecord[],
  turn: Turn,
): void {
  if (records.length === 0) return
  const isNew = !group.members.has(before.id)
  const neededBytes = memberBytes(after) + partitionsBytes(target.partitions)
  const heldBytes = isNew ? 0 : memberBytes(before) + partitionsBytes(group.target(before.id))
  if (!turn.hasRoom(neededBytes - heldBytes)) throw new KafkaError(noRoomError)
  // What the internal topic does not take would end the coordinator, each time that it is tried.
  if (records.some((record) => !turn.fitsBatch([record]))) throw new KafkaError('UNKNOWN_SERVER_ERROR')
}

/** Most answers carry no assignment: only if it has changed, or if the member sent all of its own fields. */
function answer(
  request: ConsumerGroupHeartbeatRequest,
  before: ConsumerMember,
  after: ConsumerMember,
  heartbeatIntervalMs: number,
): ConsumerGroupHeartbeatResponse {
  const hasSubscription = request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null
  const isFull = request.rebalanceTimeoutMs !== -1 && hasSubscription && request.topicPartitions !== null
  const isTold = request.memberEpoch === 0 || isFull || !sameAssigned(before.assigned, after.assigned)
  return {
    errorCode: 0,
    memberId: after.id,
    memberEpoch: after.epoch,
    heartbeatIntervalMs,
    assignment: isTold ? { topicPartitions: assignmentOf(after) } : null,
  }
}

const assignmentOf = ({ assigned }: ConsumerMember) =>
  [...assigned].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions.keys()] }))
