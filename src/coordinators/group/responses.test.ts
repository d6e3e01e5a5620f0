import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { joinGroup } from '../../../protocol/messages/join-group.ts'
import { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { syncGroup } from '../../../protocol/messages/sync-group.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { Decision } from '../machine.ts'
import type {
  GroupRequest,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupResponse,
  OffsetCommitResponse,
  OffsetFetchGroupResponse,
  SyncGroupResponse,
} from './group-request.ts'
import { joinRefusal } from './responses.ts'
import { subscription, TestGroups } from './test-groups.ts'

const versions = (last: number): readonly number[] => Array.from({ length: last + 1 }, (_, version) => version)
const answerIn = <Response>({ replies }: Decision<unknown>): Response => replies[0]!.response as Response

const joinOf = (memberId = '', more: Partial<JoinGroupRequest> = {}): GroupRequest => ({
  api: 'JoinGroup',
  request: {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(['orders']) }],
    reason: null,
    ...more,
  },
})

/** A generation of one member, joined in a version. */
function joined(version: number): { readonly groups: TestGroups; readonly response: JoinGroupResponse } {
  const groups = new TestGroups()
  const { replies } = groups.request(joinOf(), { version })
  const given = replies[0]?.response as JoinGroupResponse | undefined
  if (given !== undefined) groups.request(joinOf(given.memberId), { version })
  const [outcome] = groups.advance(3000)
  return { groups, response: answerIn(outcome!.decision) }
}

test.each(versions(9))('what JoinGroup %i is answered can be written, a refusal too', (version) => {
  const { response } = joined(version)
  for (const answer of [response, joinRefusal('', 'NOT_COORDINATOR')]) {
    const decoded = joinGroup.response.decode(joinGroup.response.encode(answer, version), version)
    expect(decoded.errorCode).toBe(answer.errorCode)
  }
  const { generationId, protocolName, members } = joinGroup.response.decode(joinGroup.response.encode(response, version), version)
  expect([generationId, protocolName, members.length]).toEqual([1, 'range', 1])
})

test.each(versions(5))('SyncGroup %i is answered with the assignment, LeaveGroup with each member or none', (version) => {
  const { groups, response } = joined(9)
  const { memberId } = response
  const assignments = [{ memberId, assignment: Buffer.from('p0') }]
  const of = { groupId: 'g', memberId, groupInstanceId: null }
  const request = { ...of, generationId: 1, protocolType: null, protocolName: null, assignments }
  const synced = answerIn<SyncGroupResponse>(groups.request({ api: 'SyncGroup', request }, { version }))
  const decoded = syncGroup.response.decode(syncGroup.response.encode(synced, version), version)
  expect([decoded.assignment.toString(), decoded.protocolType]).toEqual(['p0', version >= 5 ? 'consumer' : null])

  const members = version < 3 ? [] : [{ memberId, groupInstanceId: null, reason: null }]
  const left = answerIn<LeaveGroupResponse>(groups.request({ api: 'LeaveGroup', request: { ...of, members } }, { version }))
  const leaving = leaveGroup.response.decode(leaveGroup.response.encode(left, version), version)
  expect([leaving.errorCode, leaving.members.length]).toEqual([0, members.length])
})

test('offsets that were committed by name or by id are found by either', () => {
  const groups = new TestGroups()
  const [one, other] = ['b25lb25lb25lb25lb25lbw', 'b3RoZXJvdGhlcm90aGVybw']
  const fetched = (topicId: string): bigint => {
    const group = { groupId: 'g', memberId: null, memberEpoch: -1, topics: [{ name: 'orders', topicId, partitionIndexes: [0] }] }
    const answer = answerIn<OffsetFetchGroupResponse>(groups.request({ api: 'OffsetFetch', group, requireStable: false }))
    offsetFetch.response.encode({ groups: [answer] }, 10)
    return answer.topics[0]!.partitions[0]!.committedOffset
  }
  const commit = (topicId: string, committedOffset: bigint): void => {
    const details = { partitionIndex: 0, committedLeaderEpoch: 3, commitTimestamp: -1n, committedMetadata: 'note' }
    const topics = [{ name: 'orders', topicId, partitions: [{ ...details, committedOffset }] }]
    const of = { groupId: 'g', memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1, retentionTimeMs: -1n }
    const answer = answerIn<OffsetCommitResponse>(groups.request({ api: 'OffsetCommit', request: { ...of, topics } }))
    for (const version of versions(10)) offsetCommit.response.encode(answer, version)
  }
  commit(ZERO_UUID, 5n)
  expect([fetched(ZERO_UUID), fetched(one)]).toEqual([5n, 5n])
  commit(one, 6n)
  expect([fetched(ZERO_UUID), fetched(one), fetched(other)]).toEqual([6n, 6n, -1n])
})

test('a member id that no string could hold is refused with UNKNOWN_SERVER_ERROR, static or not, and nobody joins', () => {
  const groups = new TestGroups()
  const long = 'x'.repeat(32_767)
  for (const version of [0, 3, 4, 9]) {
    expect(answerIn<JoinGroupResponse>(groups.request(joinOf(), { version, clientId: long })).errorCode).toBe(-1)
  }
  const joining = groups.request(joinOf('', { groupInstanceId: long }))
  expect(answerIn<JoinGroupResponse>(joining)).toMatchObject({ errorCode: -1, memberId: '' })
  expect(groups.machine.groups.get('g')?.members.size).toBe(0)
})

test('a static member that comes back with metadata beyond the largest batch is refused, and the group rebalances', () => {
  const groups = new TestGroups()
  const joinAs = (metadata: Buffer) =>
    groups.request(joinOf('', { groupInstanceId: 'i', protocols: [{ name: 'range', metadata }] }))
  joinAs(subscription(['orders']))
  const [outcome] = groups.advance(3000)
  const { memberId, generationId = -1 } = answerIn<JoinGroupResponse>(outcome!.decision)
  const sync = { groupId: 'g', generationId, memberId, groupInstanceId: 'i', protocolType: null, protocolName: null }
  groups.request({ api: 'SyncGroup', request: { ...sync, assignments: [] } })
  // That no batch could hold alone is refused before it costs the group anything.
  const unwritable = joinAs(Buffer.alloc(1_000_000))
  expect([answerIn<JoinGroupResponse>(unwritable).errorCode, unwritable.records]).toEqual([-1, []])
  expect(groups.machine.groups.get('g')?.stateName).toBe('Stable')
  const returned = joinAs(Buffer.alloc(999_990))
  expect([answerIn<JoinGroupResponse>(returned).errorCode, returned.records]).toEqual([-1, []])
  expect(groups.machine.groups.get('g')?.stateName).toBe('PreparingRebalance')
})

describe('what members keep in memory', () => {
  /** A member of an older version, which waits in its group's first rebalance. */
  const join = (groups: TestGroups, request: GroupRequest): string => {
    const { replies } = groups.request(request, { version: 3 })
    return replies.length === 0 ? 'waits' : (errorName((replies[0]!.response as JoinGroupResponse).errorCode) ?? '')
  }

  test('a thousand members of one group with 20 KB of metadata each fit into 64 MiB', () => {
    const groups = new TestGroups({ memberBytesMax: 64 << 20 })
    const protocols = [{ name: 'range', metadata: Buffer.alloc(20_000) }]
    const answers = Array.from({ length: 1000 }, () => join(groups, joinOf('', { protocols })))
    expect(new Set(answers)).toEqual(new Set(['waits']))
  })

  test('very many small protocols count for what they cost as objects, not for their bytes', () => {
    const groups = new TestGroups({ memberBytesMax: 1_000_000 })
    const protocols = Array.from({ length: 10_000 }, () => ({ name: 'p', metadata: Buffer.alloc(1) }))
    expect(join(groups, joinOf('', { protocols }))).toBe('COORDINATOR_NOT_AVAILABLE')
  })

  test.each([
    ['group ids', { groupId: 'g'.repeat(30_000) }, 'client'],
    ['client ids', {}, 'c'.repeat(30_000)],
  ])(
    'ids that were given out and not used count with their %s, and no longer once their sessions end',
    (_what, more, clientId) => {
      const groups = new TestGroups({ memberBytesMax: 1_000_000 })
      const ask = () => errorName(answerIn<JoinGroupResponse>(groups.request(joinOf('', more), { clientId })).errorCode)
      const answers = Array.from({ length: 50 }, ask)
      expect([answers[0], answers[49]]).toEqual(['MEMBER_ID_REQUIRED', 'COORDINATOR_NOT_AVAILABLE'])
      groups.advance(10_000)
      expect(groups.machine.retainedBytes).toBe(0)
      expect(ask()).toBe('MEMBER_ID_REQUIRED')
    },
  )

  test('a group that is refused for want of memory is not made', () => {
    const groups = new TestGroups({ memberBytesMax: 0 })
    const decision = groups.request(joinOf())
    expect(errorName(answerIn<JoinGroupResponse>(decision).errorCode)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect([decision.records, groups.machine.groups.size]).toEqual([[], 0])
  })
})
