import { errorName, KafkaError } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord, Decision } from '../../machine.ts'
import type { GroupRequest } from '../group-request.ts'
import type { TestGroups } from '../test-groups.ts'
import { whyInvalidTopicRegex } from '../topic-regex.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { heartbeatRefusalBeforeLookup } from './consumer-groups.ts'
import type { AssignedPartitions } from './consumer-member.ts'
import type { ConsumerGroupHeartbeatResponse, DescribedConsumerGroup, ResolveRegexes } from './consumer-request.ts'
import { readConsumerRecord } from './replay-consumer-group.ts'
import { testTopicId } from './test-topics.ts'

type Words = Readonly<Record<string, string>>

const list = (text: string): string[] => (text === '' ? [] : text.split(','))

/** Commands that are no request: `topic orders 3`, `resolve` (the expressions are matched now), `config heartbeatIntervalMs=1`. */
export function runConsumerCommand(groups: TestGroups, command: string, words: Words): Decision<ResolveRegexes>[] | null {
  if (command === 'topic') {
    groups.topics.set(words['arg0'] ?? '', Number(words['arg1'] ?? 1))
    return []
  }
  if (command === 'config') {
    const changed = Object.entries(words).map(([name, value]) => [name, Number(value)])
    groups.consumerConfig = { ...groups.consumerConfig, ...Object.fromEntries(changed) }
    return []
  }
  if (command !== 'resolve') return null
  const decision = groups.runEffect()
  return decision === undefined ? [] : [decision]
}

/**
 * `beat g member=a epoch=0 topics=orders owned=orders:0+1`. What is not named is null, as in most heartbeats; a member that
 * joins says all there is to say.
 */
export function consumerRequest(groups: TestGroups, command: string, words: Words): GroupRequest | null {
  const groupId = words['arg0'] ?? ''
  if (command === 'describe-consumer') return { api: 'ConsumerGroupDescribe', groupIds: list(groupId) }
  if (command !== 'beat') return null
  const memberEpoch = Number(words['epoch'] ?? 0)
  const joins = memberEpoch === 0
  const { regex, topics, owned } = words
  const names = joins && regex === undefined ? (topics ?? 'orders') : topics
  const request = {
    groupId,
    memberId: words['member'] ?? '',
    memberEpoch,
    instanceId: words['instance'] ?? null,
    rackId: words['rack'] ?? null,
    rebalanceTimeoutMs: Number(words['rebalance'] ?? (joins ? 60_000 : -1)),
    subscribedTopicNames: names === undefined ? null : list(names),
    subscribedTopicRegex: regex ?? null,
    serverAssignor: words['assignor'] ?? null,
    topicPartitions: owned === undefined ? (joins ? [] : null) : ownedPartitions(groups, owned),
  }
  const refusal = heartbeatRefusalBeforeLookup(request, Number(words['version'] ?? 1), groups.settings)
  if (refusal !== null) throw new KafkaError('INVALID_REQUEST', refusal.errorMessage ?? '')
  return { api: 'ConsumerGroupHeartbeat', request, invalidRegex: regex === undefined ? null : whyInvalidTopicRegex(regex) }
}

function ownedPartitions(groups: TestGroups, text: string) {
  return list(text).map((part) => {
    const [name = '', partitions = ''] = part.split(':')
    // Topics that are gone are called by their number.
    const topicId = groups.topics.byName(name)?.id ?? testTopicId(Number(name))
    return { topicId, partitions: partitions.split('+').map(Number) }
  })
}

/** Ids of topics that scripts make count up: 1, 2, 3. */
const shortId = (id: string): string => String(Buffer.from(id, 'base64url').readUInt32BE(12))

const printPartitions = (partitions: readonly { readonly topicId: string; readonly partitions: readonly number[] }[]): string =>
  partitions.map((topic) => `${shortId(topic.topicId)}:${topic.partitions.join('+')}`).join(',')

const printAssigned = (assigned: AssignedPartitions): string =>
  [...assigned]
    .map(([topicId, partitions]) => {
      const held = [...partitions].map(([partition, epoch]) => `${partition}@${epoch}`)
      return `${shortId(topicId)}:${held.join('+')}`
    })
    .join(',')

const nameOf = (code: number): string => errorName(code) ?? String(code)

export function printConsumerReply(api: 'ConsumerGroupHeartbeat' | 'ConsumerGroupDescribe', response: object): string {
  if (api === 'ConsumerGroupDescribe') {
    return (response as { groups: readonly DescribedConsumerGroup[] }).groups.map(printDescribed).join(' ')
  }
  const { errorCode, errorMessage, memberId, memberEpoch, heartbeatIntervalMs, assignment } =
    response as ConsumerGroupHeartbeatResponse
  if (errorCode !== 0) return `${nameOf(errorCode)} "${errorMessage}"`
  const told = assignment == null ? '' : ` [${printPartitions(assignment.topicPartitions)}]`
  return `NONE member=${memberId} epoch=${memberEpoch} interval=${heartbeatIntervalMs}${told}`
}

function printDescribed(group: DescribedConsumerGroup): string {
  const { groupId, errorCode, errorMessage, groupState, groupEpoch, assignmentEpoch, assignorName, members } = group
  if (errorCode !== 0) return `${groupId} ${nameOf(errorCode)} "${errorMessage}"`
  const known = members.map((member) => {
    const has = printPartitions(member.assignment.topicPartitions)
    const target = printPartitions(member.targetAssignment.topicPartitions)
    const subscribed = `${member.subscribedTopicNames.join('+')}/${member.subscribedTopicRegex ?? ''}`
    return `${member.memberId}@${member.memberEpoch} type=${member.memberType} ${subscribed} has=${has} target=${target}`
  })
  const facts = `${groupId} ${groupState} epoch=${groupEpoch} assignment=${assignmentEpoch} ${assignorName}`
  return `${facts} [${known.join(' | ')}]`
}

export function printConsumerRecord(record: CoordinatorRecord): string {
  const said = readConsumerRecord(record)
  if (said === null) return 'of another kind'
  const { groupId } = said.key
  const of = 'memberId' in said.key ? `${groupId} ${said.key.memberId}` : groupId
  if (said.value === null) return `${said.record.name} ${of} removed`
  switch (said.type) {
    case 3:
      return `epoch ${groupId} ${said.value.epoch} ${said.value.metadataHash === 0n ? 'without topics' : 'with topics'}`
    case 4:
      return `partition metadata ${groupId}`
    case 5: {
      const {
        instanceId,
        subscribedTopicNames,
        subscribedTopicRegex,
        serverAssignor,
        rebalanceTimeoutMs,
        classicMemberMetadata,
      } = said.value
      const classic = classicMemberMetadata === null ? '' : ` classic=${classicMemberMetadata.sessionTimeoutMs}`
      const facts = `instance=${instanceId} assignor=${serverAssignor} rebalance=${rebalanceTimeoutMs}`
      return `member ${of} ${subscribedTopicNames.join('+')}/${subscribedTopicRegex ?? ''} ${facts}${classic}`
    }
    case 6:
      return `target ${groupId} epoch ${said.value.assignmentEpoch}`
    case 7:
      return `target ${of} [${printPartitions(said.value.topicPartitions)}]`
    case 8: {
      const { memberEpoch, previousMemberEpoch, state, assignedPartitions, partitionsPendingRevocation } = said.value
      const facts = `epoch=${memberEpoch} previous=${previousMemberEpoch} ${stateNames.get(state)}`
      return `current ${of} ${facts} [${withEpochs(assignedPartitions)}] revoking [${withEpochs(partitionsPendingRevocation)}]`
    }
    case 16:
      return `regex ${groupId} ${said.key.regularExpression} [${said.value.topics.join(' ')}]`
  }
}

const stateNames = new Map([
  [0, 'STABLE'],
  [1, 'UNREVOKED_PARTITIONS'],
  [2, 'UNRELEASED_PARTITIONS'],
])

interface WrittenPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
  readonly assignmentEpochs: readonly number[] | null
}

const withEpochs = (written: readonly WrittenPartitions[]): string =>
  written
    .map(({ topicId, partitions, assignmentEpochs }) => {
      const held = partitions.map((partition, index) => `${partition}@${assignmentEpochs?.[index]}`)
      return `${shortId(topicId)}:${held.join('+')}`
    })
    .join(',')

export function showConsumerGroup(group: ConsumerGroup): string {
  const members = [...group.members.values()].map(
    ({ id, epoch, state, assigned, pendingRevocation }) =>
      `${id}@${epoch} ${state} [${printAssigned(assigned)}] revoking [${printAssigned(pendingRevocation)}]`,
  )
  return `${group.groupId} ${group.stateName} epoch=${group.epoch} assignment=${group.assignmentEpoch} ${members.join(' | ')}`
}
