import { errorName } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { CoordinatorRecord, Decision, Reply, TimerChange } from '../machine.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { ClassicMember } from './classic/classic-member.ts'
import { subscribedTopics } from './classic/subscribed-topics.ts'
import type { ResolveRegexes } from './consumer/consumer-request.ts'
import {
  consumerRequest,
  printConsumerRecord,
  printConsumerReply,
  runConsumerCommand,
  showConsumerGroup,
} from './consumer/test-consumer-script.ts'
import type {
  DeletedGroup,
  DescribedGroup,
  GroupRequest,
  HeartbeatResponse,
  JoinGroupResponse,
  LeaveGroupResponse,
  ListedGroup,
  OffsetCommitResponse,
  OffsetDeleteResponse,
  OffsetFetchGroupResponse,
  SyncGroupResponse,
} from './group-request.ts'
import { assignmentOf, printAssignment, subscriptionOf } from './migration/test-embedded-protocol.ts'
import { readRecord } from './records.ts'
import { TestGroups } from './test-groups.ts'

export type Words = Readonly<Record<string, string>>

/**
 * Plays a script: each command line is followed by everything that it led to, indented. The same script with what came
 * out this time is given back, so that a test compares the two and a change is read as a difference.
 */
export function playScript(script: string): string {
  let groups = new TestGroups()
  const asked = new Map<number, GroupRequest['api']>()
  const lines: string[] = []
  for (const line of script.split('\n')) {
    if (line.startsWith('  ')) continue
    lines.push(line)
    if (line === '' || line.startsWith('#')) continue
    const [command = '', ...rest] = line.split(' ')
    const words = wordsOf(rest)
    if (command === 'settings') {
      const settingOf = (value: string) => (Number.isNaN(Number(value)) ? value : Number(value))
      groups = new TestGroups(Object.fromEntries(Object.entries(words).map(([name, value]) => [name, settingOf(value)])))
      continue
    }
    lines.push(...run(groups, command, words, asked).map((out) => `  ${out}`))
  }
  return lines.join('\n')
}

/** `name=value` words; a bare first one is the group. */
function wordsOf(parts: readonly string[]): Words {
  return Object.fromEntries(parts.map((part, index) => (part.includes('=') ? split(part, '=') : [`arg${index}`, part])))
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

const list = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(','))

function run(groups: TestGroups, command: string, words: Words, asked: Map<number, GroupRequest['api']>): string[] {
  if (command === 'advance') {
    return groups
      .advance(Number(words['arg0']))
      .flatMap(({ timer, decision }) => [`expired ${timer}`, ...print(decision, asked).map((out) => `  ${out}`)])
  }
  if (command === 'restart') return print(groups.restart(), asked)
  if (command === 'delete-topic') return print(groups.topicsDeleted([words['arg0'] ?? '']), asked)
  if (command === 'show') return show(groups)
  const consumer = runConsumerCommand(groups, command, words)
  if (consumer !== null) return consumer.flatMap((decision) => print(decision, asked))
  if (command === 'close') return print(groups.closed(Number(words['arg0'])), asked)
  if (command === 'end-transaction') return endTransaction(groups, words)
  const request = requestOf(groups, command, words)
  asked.set(groups.lastRequestId + 1, request.api)
  const version = Number(words['version'] ?? latest[request.api])
  const { client: clientId = 'client', connection } = words
  const decision = groups.request(request, { version, clientId, ...(connection && { connection: Number(connection) }) })
  return print(decision, asked)
}

const latest: Readonly<Record<GroupRequest['api'], number>> = {
  JoinGroup: 9,
  SyncGroup: 5,
  Heartbeat: 4,
  LeaveGroup: 5,
  OffsetCommit: 9,
  OffsetFetch: 9,
  OffsetDelete: 0,
  TxnOffsetCommit: 6,
  DescribeGroups: 6,
  DeleteGroups: 2,
  ListGroups: 5,
  ConsumerGroupHeartbeat: 1,
  ConsumerGroupDescribe: 1,
}

function requestOf(groups: TestGroups, command: string, words: Words): GroupRequest {
  const consumer = consumerRequest(groups, command, words)
  if (consumer !== null) return consumer
  const groupId = words['arg0'] ?? ''
  const memberId = words['member'] ?? ''
  const groupInstanceId = words['instance'] ?? null
  const generationId = Number(words['generation'] ?? -1)
  switch (command) {
    case 'join':
      return { api: 'JoinGroup', request: { groupId, memberId, groupInstanceId, ...joinDetails(words) } }
    case 'sync':
      return { api: 'SyncGroup', request: { groupId, memberId, groupInstanceId, generationId, ...syncDetails(words) } }
    case 'heartbeat':
      return { api: 'Heartbeat', request: { groupId, memberId, groupInstanceId, generationId } }
    case 'leave':
      return { api: 'LeaveGroup', request: { groupId, memberId, members: leavers(words) } }
    case 'commit':
      return {
        api: 'OffsetCommit',
        request: { groupId, memberId, groupInstanceId, ...commitDetails(groups, words, generationId) },
      }
    case 'fetch':
      return { api: 'OffsetFetch', requireStable: words['stable'] === 'true', group: fetchDetails(groupId, words) }
    case 'commit-in-transaction': {
      const producer = { transactionalId: 't', producerId: BigInt(words['producer'] ?? 1), producerEpoch: 0 }
      const committer = { groupId, memberId, groupInstanceId, ...producer, ...commitDetails(groups, words, generationId) }
      return { api: 'TxnOffsetCommit', request: committer }
    }
    case 'delete-offsets':
      return { api: 'OffsetDelete', request: { groupId, topics: deleteDetails(words) } }
    case 'describe':
      return { api: 'DescribeGroups', groupIds: [groupId] }
    case 'delete-group':
      return { api: 'DeleteGroups', groupIds: [groupId] }
    case 'list': {
      const [statesFilter, typesFilter] = [list(words['states']), list(words['types'])]
      return { api: 'ListGroups', request: { statesFilter, typesFilter } }
    }
    default:
      throw new Error(`There is no command "${command}".`)
  }
}

function joinDetails(words: Words) {
  return {
    sessionTimeoutMs: Number(words['session'] ?? 10_000),
    rebalanceTimeoutMs: Number(words['rebalance'] ?? 60_000),
    protocolType: words['type'] ?? 'consumer',
    protocols: list(words['protocols'] ?? 'range:orders').map((protocol) => {
      const [name, topics] = split(protocol, ':')
      return { name, metadata: subscriptionOf(topics.split('+'), words['owned']) }
    }),
    reason: null,
  }
}

function syncDetails(words: Words) {
  return {
    protocolType: words['type'] ?? null,
    protocolName: words['protocol'] ?? null,
    assignments: list(words['assign']).map((assigned) => {
      const [memberId, assignment] = split(assigned, ':')
      return { memberId, assignment: assignmentOf(assignment) }
    }),
  }
}

const leavers = (words: Words) => [
  ...list(words['members']).map((memberId) => ({ memberId, groupInstanceId: null, reason: null })),
  ...list(words['instances']).map((groupInstanceId) => ({ memberId: '', groupInstanceId, reason: null })),
]

function commitDetails(groups: TestGroups, words: Words, generationIdOrMemberEpoch: number) {
  const committedMetadata = words['metadata'] ?? null
  const topics = list(words['offsets']).map((part) => {
    const [name = '', partition, offset] = part.split(':')
    const of = { partitionIndex: Number(partition), committedOffset: BigInt(offset ?? 0), committedLeaderEpoch: -1 }
    const topicId = groups.topics.byName(name)?.id ?? ZERO_UUID
    return { name, topicId, partitions: [{ ...of, commitTimestamp: -1n, committedMetadata }] }
  })
  return { generationIdOrMemberEpoch, retentionTimeMs: BigInt(words['retention'] ?? -1), topics }
}

function fetchDetails(groupId: string, words: Words) {
  const asked = words['partitions']
  const topics = list(asked).map((part) => {
    const [name, partition] = split(part, ':')
    return { name, topicId: ZERO_UUID, partitionIndexes: [Number(partition)] }
  })
  const member = { memberId: words['member'] ?? null, memberEpoch: Number(words['epoch'] ?? -1) }
  return { groupId, ...member, topics: asked === undefined ? null : topics }
}

function deleteDetails(words: Words) {
  return list(words['partitions']).map((part) => {
    const [name, partition] = split(part, ':')
    return { name, partitions: [{ partitionIndex: Number(partition) }] }
  })
}

function endTransaction(groups: TestGroups, words: Words): string[] {
  groups.endTransaction({ id: BigInt(words['producer'] ?? 1), epoch: 0 }, words['arg0'] === 'commit')
  return []
}

function print(decision: Decision<ResolveRegexes>, asked: ReadonlyMap<number, GroupRequest['api']>): string[] {
  return [
    ...decision.records.map((record) => `record ${printRecord(record)}`),
    ...decision.replies.map((reply) => `reply ${printReply(reply, asked)}`),
    ...decision.timers.map(printTimer),
    ...decision.effects.map(({ kind, groupId, regexes }) => `effect ${kind} ${groupId} ${regexes.join(' ')}`),
  ]
}

const printTimer = (change: TimerChange): string =>
  'set' in change ? `timer ${change.set} in ${change.delayMs}` : `cancel ${change.cancel}`

function printRecord(record: CoordinatorRecord): string {
  const said = readRecord(record)
  if (said === null) return printConsumerRecord(record)
  if (said.kind === 'offset') {
    const { groupId, topic, partition, committed } = said
    if (committed === null) return `offset ${groupId} ${topic}:${partition} removed`
    const expiry = committed.expireTimestampMs === null ? '' : ` expires=${committed.expireTimestampMs}`
    const of = record.producer === null ? '' : ` producer=${record.producer.id}`
    return `offset ${groupId} ${topic}:${partition} = ${committed.offset} "${committed.metadata}"${expiry}${of}`
  }
  const { groupId, metadata } = said
  if (metadata === null) return `group ${groupId} removed`
  const { generation, protocolType, protocol, leader } = metadata
  const members = metadata.members.map(({ memberId, assignment }) => `${memberId}:${printAssignment(assignment)}`)
  return `group ${groupId} generation=${generation} ${protocolType}/${protocol} leader=${leader} [${members.join(' ')}]`
}

const nameOf = (code: number): string => errorName(code) ?? String(code)

function printReply({ id, response }: Reply, asked: ReadonlyMap<number, GroupRequest['api']>): string {
  const api = asked.get(id)
  switch (api) {
    case 'JoinGroup':
      return `#${id} ${api} ${printJoin(response as JoinGroupResponse)}`
    case 'SyncGroup': {
      const { errorCode, assignment } = response as SyncGroupResponse
      return `#${id} ${api} ${nameOf(errorCode)} "${printAssignment(assignment)}"`
    }
    case 'Heartbeat':
      return `#${id} ${api} ${nameOf((response as HeartbeatResponse).errorCode)}`
    case 'LeaveGroup': {
      const { errorCode, members = [] } = response as LeaveGroupResponse
      const left = members.map((member) => `${member.memberId || member.groupInstanceId}:${nameOf(member.errorCode)}`)
      return `#${id} ${api} ${nameOf(errorCode)} [${left.join(' ')}]`
    }
    case 'OffsetCommit':
    case 'TxnOffsetCommit':
    case 'OffsetDelete': {
      const { errorCode = 0, topics } = response as OffsetCommitResponse & Partial<OffsetDeleteResponse>
      const failed = errorCode === 0 ? '' : `${nameOf(errorCode)} `
      const parts = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}:${partitionIndex}:${nameOf(errorCode)}`),
      )
      return `#${id} ${api} ${failed}[${parts.join(' ')}]`
    }
    case 'DescribeGroups':
      return `#${id} ${api} ${(response as { groups: readonly DescribedGroup[] }).groups.map(printDescribed).join(' ')}`
    case 'DeleteGroups': {
      const { results } = response as { results: readonly DeletedGroup[] }
      return `#${id} ${api} ${results.map(({ groupId, errorCode }) => `${groupId}:${nameOf(errorCode)}`).join(' ')}`
    }
    case 'ListGroups': {
      const { groups } = response as { groups: readonly ListedGroup[] }
      const listed = groups.map((group) => `${group.groupId}:${group.groupType}:${group.groupState}:${group.protocolType}`)
      return `#${id} ${api} [${listed.join(' ')}]`
    }
    case 'ConsumerGroupHeartbeat':
    case 'ConsumerGroupDescribe':
      return `#${id} ${api} ${printConsumerReply(api, response)}`
    default: {
      const { errorCode = 0, topics } = response as OffsetFetchGroupResponse
      const parts = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset, errorCode: code }) => {
          const failed = code === 0 ? '' : `:${nameOf(code)}`
          return `${name}:${partitionIndex}=${committedOffset}${failed}`
        }),
      )
      return `#${id} ${api} ${nameOf(errorCode)} [${parts.join(' ')}]`
    }
  }
}

function printDescribed(group: DescribedGroup): string {
  const { groupId, errorCode, errorMessage, groupState, protocolType, protocolData, members } = group
  const said = errorMessage == null ? '' : ` "${errorMessage}"`
  const known = members.map(({ memberId, clientId, clientHost, memberMetadata, memberAssignment }) => {
    const metadata = memberMetadata.length === 0 ? '' : topicsIn(memberMetadata)
    return `${memberId}:${clientId}${clientHost}:${metadata}:${printAssignment(memberAssignment)}`
  })
  return `${groupId} ${nameOf(errorCode)}${said} ${groupState} ${protocolType}/${protocolData} [${known.join(' ')}]`
}

function printJoin(response: JoinGroupResponse): string {
  const { errorCode, memberId, generationId, protocolType, protocolName, leader, skipAssignment, members } = response
  if (errorCode !== 0) return `${nameOf(errorCode)} member=${memberId}`
  const known = members.map((member) => `${member.memberId}:${topicsIn(member.metadata)}`)
  const skip = skipAssignment ? ' skip-assignment' : ''
  return `NONE generation=${generationId} ${protocolType}/${protocolName} leader=${leader} member=${memberId}${skip} [${known.join(' ')}]`
}

function topicsIn(metadata: Buffer): string {
  const of = { id: '', instanceId: null, clientId: '', clientHost: '', rebalanceTimeoutMs: 0, sessionTimeoutMs: 0 }
  const member = new ClassicMember({ ...of, protocols: [{ name: 'p', metadata }] })
  return [...(subscribedTopics([member], 'p') ?? [])].join('+')
}

function show(groups: TestGroups): string[] {
  return [...groups.machine.groups.values()].map((group) => {
    if (!(group instanceof ClassicGroup)) return showConsumerGroup(group)
    const members = [...group.members].map(({ id, assignment, parkedJoin, parkedSync }) => {
      const waits = parkedJoin === null ? (parkedSync === null ? '' : '(sync)') : '(join)'
      return `${id}${waits}:${printAssignment(assignment)}`
    })
    const pending = group.pendingMembers.size === 0 ? '' : ` pending=${[...group.pendingMembers].join(',')}`
    const { groupId, state, generationId, protocolType, protocolName, leaderId } = group
    const facts = `${groupId} ${state} generation=${generationId} ${protocolType}/${protocolName} leader=${leaderId}`
    return `${facts} [${members.join(' ')}]${pending}`
  })
}
