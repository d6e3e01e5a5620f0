import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { heartbeat } from '../../../protocol/messages/heartbeat.ts'
import { joinGroup } from '../../../protocol/messages/join-group.ts'
import { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import { metadata } from '../../../protocol/messages/metadata.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { syncGroup } from '../../../protocol/messages/sync-group.ts'
import { testBroker } from '../test-broker.ts'

const broker = testBroker({ topics: { orders: 2 } })
const { ask } = broker
const unknownId = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Makes the topic of the coordinator, as every client's first step does. */
const coordinated = async (group: string): Promise<string> => {
  await ask(findCoordinator, 3, { key: group, keyType: 0 })
  return group
}

describe('FindCoordinator', () => {
  const here = () => ({ nodeId: 1, host: '127.0.0.1', port: broker.port, errorCode: 0 })

  test.each([0, 1, 2, 3])('version %i finds one', async (version) => {
    const found = await ask(findCoordinator, version, { key: 'readers', keyType: 0 })
    expect(found).toMatchObject({ ...here(), errorMessage: version === 0 ? '' : 'NONE' })
  })

  test.each([4, 5, 6])('version %i finds several', async (version) => {
    const { coordinators } = await ask(findCoordinator, version, { keyType: 0, coordinatorKeys: ['readers', '', 'readers'] })
    expect(coordinators).toEqual(['readers', '', 'readers'].map((key) => ({ key, ...here(), errorMessage: '' })))
  })

  test('finds the coordinator of a transactional id, whose topic is made when it is first asked for', async () => {
    expect(await ask(findCoordinator, 3, { key: 'payments', keyType: 1 })).toMatchObject(here())
    const { coordinators } = await ask(findCoordinator, 6, { keyType: 1, coordinatorKeys: ['payments'] })
    expect(coordinators).toEqual([{ key: 'payments', ...here(), errorMessage: '' }])
  })

  test('gives no reason where share groups are asked for by a version that does not know them', async () => {
    const { coordinators } = await ask(findCoordinator, 5, { keyType: 2, coordinatorKeys: ['readers'] })
    expect(coordinators).toMatchObject([{ key: 'readers', nodeId: -1, errorMessage: '' }])
    expect(errorName(coordinators[0]!.errorCode)).toBe('INVALID_REQUEST')
  })

  test.each([2, 7])('refuses the kind of key %i', async (keyType) => {
    const nowhere = { nodeId: -1, host: '', port: -1 }
    const one = await ask(findCoordinator, 3, { key: 'payments', keyType })
    expect([one, errorName(one.errorCode)]).toEqual([expect.objectContaining(nowhere), 'INVALID_REQUEST'])
    const { coordinators } = await ask(findCoordinator, 6, { keyType, coordinatorKeys: ['payments'] })
    expect(coordinators).toMatchObject([{ key: 'payments', ...nowhere }])
    expect(errorName(coordinators[0]!.errorCode)).toBe('INVALID_REQUEST')
  })
})

describe('committed offsets', () => {
  interface Topic {
    readonly name?: string
    readonly topicId?: string
    readonly partitions?: readonly number[]
    readonly metadata?: string | null
  }
  async function commit(
    version: number,
    groupId: string,
    topics: readonly Topic[],
    member: { id: string; generation: number } | null = null,
  ) {
    const answer = await ask(offsetCommit, version, {
      groupId,
      generationIdOrMemberEpoch: member?.generation ?? -1,
      memberId: member?.id ?? '',
      groupInstanceId: null,
      topics: topics.map(({ name = 'orders', topicId = unknownId, partitions = [0], metadata: committedMetadata = 'note' }) => ({
        name,
        topicId,
        partitions: partitions.map((partitionIndex) => ({
          partitionIndex,
          committedOffset: 5n,
          committedLeaderEpoch: 2,
          committedMetadata,
        })),
      })),
    })
    return answer.topics.map((topic) => [
      version >= 10 ? topic.topicId : topic.name,
      ...topic.partitions.map(({ partitionIndex, errorCode }) => `${partitionIndex} ${errorName(errorCode)}`),
    ])
  }
  const fetchByName = (
    version: number,
    groupId: string,
    topics: readonly { name: string; partitionIndexes: readonly number[] }[] | null,
  ) => ask(offsetFetch, version, { groupId, topics, groups: [], requireStable: false })
  const fetchGroups = (
    version: number,
    ...groups: readonly {
      groupId: string
      topics: readonly { name?: string; topicId?: string; partitionIndexes: readonly number[] }[] | null
    }[]
  ) =>
    ask(offsetFetch, version, {
      groupId: '',
      topics: [],
      groups: groups.map(({ groupId, topics }) => ({
        groupId,
        memberId: null,
        topics:
          topics?.map(({ name = '', topicId = unknownId, partitionIndexes }) => ({ name, topicId, partitionIndexes })) ?? null,
      })),
      requireStable: false,
    })
  const ordersId = async () =>
    (await ask(metadata, 12, { topics: [{ name: 'orders' }], includeTopicAuthorizedOperations: false })).topics[0]!.topicId

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('OffsetCommit %i answers each partition', async (version) => {
    const group = await coordinated(`committed-by-${version}`)
    const asked = [{ partitions: [0, 7] }, { name: 'unknown' }]
    expect(await commit(version, group, asked)).toEqual([
      ['orders', '7 UNKNOWN_TOPIC_OR_PARTITION', '0 NONE'],
      ['unknown', '0 UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    const { topics } = await fetchByName(5, group, [{ name: 'orders', partitionIndexes: [0] }])
    const committedLeaderEpoch = version < 6 ? -1 : 2
    expect(topics[0]!.partitions).toEqual([
      { partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch, metadata: 'note', errorCode: 0 },
    ])
  })

  test('are answered with one entry for each topic, however often it was named, what was refused first', async () => {
    const group = await coordinated('repeated')
    const asked = [{}, { name: 'unknown', partitions: [] }, { partitions: [9] }, { name: 'unknown' }, { partitions: [1, -1] }]
    expect(await commit(8, group, asked)).toEqual([
      ['unknown', '0 UNKNOWN_TOPIC_OR_PARTITION'],
      ['orders', '9 UNKNOWN_TOPIC_OR_PARTITION', '-1 UNKNOWN_TOPIC_OR_PARTITION', '0 NONE', '1 NONE'],
    ])
    expect(await commit(8, group, [{ name: 'unknown', partitions: [] }])).toEqual([['unknown']])
    const often = await commit(
      8,
      group,
      Array.from({ length: 20_000 }, () => ({ partitions: [7] })),
    )
    expect(often.map((topic) => topic.length)).toEqual([20_001])
  })

  test('go by topic id from version 10 on', async () => {
    const group = await coordinated('by-id')
    const topicId = await ordersId()
    expect(await commit(10, group, [{ topicId, partitions: [1, 9] }, { topicId: unknownId }])).toEqual([
      [topicId, '9 UNKNOWN_TOPIC_OR_PARTITION', '1 NONE'],
      [unknownId, '0 UNKNOWN_TOPIC_ID'],
    ])
    const asked = [
      { topicId, partitionIndexes: [0, 1] },
      { topicId: unknownId, partitionIndexes: [0] },
    ]
    const { groups } = await fetchGroups(10, { groupId: group, topics: asked })
    expect(
      groups[0]!.topics.map((topic) => [topic.topicId, ...topic.partitions.map(({ committedOffset }) => committedOffset)]),
    ).toEqual([
      [topicId, -1n, 5n],
      [unknownId, -1n],
    ])
    expect(errorName(groups[0]!.topics[1]!.partitions[0]!.errorCode)).toBe('UNKNOWN_TOPIC_ID')
    const all = await fetchGroups(10, { groupId: group, topics: null })
    expect(all.groups[0]!.topics.map((topic) => topic.topicId)).toEqual([topicId])
  })

  test('carry no more metadata than is allowed, and "" for null', async () => {
    const group = await coordinated('metadata')
    expect(await commit(8, group, [{ metadata: 'x'.repeat(5000) }])).toEqual([['orders', '0 OFFSET_METADATA_TOO_LARGE']])
    expect(await commit(8, group, [{ metadata: null }])).toEqual([['orders', '0 NONE']])
    const { topics } = await fetchByName(1, group, [{ name: 'orders', partitionIndexes: [0] }])
    expect(topics[0]!.partitions[0]!.metadata).toBe('')
  })

  test('of a generation that is not there are refused', async () => {
    const member = { id: 'nobody', generation: 3 }
    const group = await coordinated('generation')
    expect(await commit(8, group, [{}], member)).toEqual([['orders', '0 ILLEGAL_GENERATION']])
    expect(await commit(9, group, [{}], member)).toEqual([['orders', '0 GROUP_ID_NOT_FOUND']])
    expect(await commit(8, group, [{}])).toEqual([['orders', '0 NONE']])
    expect(await commit(8, group, [{}], member)).toEqual([['orders', '0 UNKNOWN_MEMBER_ID']])
  })

  test.each([0, 1, 2, 5, 6, 7])('OffsetFetch %i is -1 for what was never committed, which is no error', async (version) => {
    const group = await coordinated('nothing')
    const { errorCode, topics } = await fetchByName(version, group, [
      { name: 'orders', partitionIndexes: [0, 9] },
      { name: 'unknown', partitionIndexes: [0] },
    ])
    const none = { committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }
    expect(errorCode).toBe(0)
    expect(topics.map(({ partitions }) => partitions)).toEqual([
      [
        { partitionIndex: 0, ...none },
        { partitionIndex: 9, ...none },
      ],
      [{ partitionIndex: 0, ...none }],
    ])
  })

  test('are fetched all for null, and of several groups from version 8 on', async () => {
    const group = await coordinated('all')
    await commit(8, group, [{ partitions: [0, 1] }])
    expect((await fetchByName(2, group, null)).topics.map(({ partitions }) => partitions.length)).toEqual([2])
    const { groups } = await fetchGroups(8, { groupId: group, topics: null }, { groupId: 'nothing', topics: null })
    expect(groups.map(({ groupId, topics }) => [groupId, topics.length])).toEqual([
      [group, 1],
      ['nothing', 0],
    ])
    expect((await fetchGroups(8)).groups).toEqual([])
    const repeated = await fetchGroups(8, ...Array.from({ length: 3 }, () => ({ groupId: group, topics: null })))
    expect(repeated.groups).toHaveLength(1)
  })
})

describe('members', () => {
  const join = (version: number, groupId: string, memberId: string) =>
    ask(joinGroup, version, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('subscription') }],
    })
  const sync = (version: number, groupId: string, memberId: string, protocolName: string | null = 'range') =>
    ask(syncGroup, version, {
      groupId,
      generationId: 1,
      memberId,
      protocolType: protocolName === null ? null : 'consumer',
      protocolName,
      assignments: [{ memberId, assignment: Buffer.from('assignment') }],
    })
  const beat = async (version: number, groupId: string, memberId: string) =>
    errorName((await ask(heartbeat, version, { groupId, generationId: 1, memberId })).errorCode)
  const leave = (version: number, groupId: string, memberId: string) =>
    ask(leaveGroup, version, { groupId, memberId, members: [{ memberId }] })

  test.each([
    [0, 0, 0, 0],
    [9, 5, 4, 5],
  ])('join, sync, beat and leave by versions %i, %i, %i and %i', async (joins, syncs, beats, leaves) => {
    const group = await coordinated(`members-${joins}`)
    const first = await join(joins, group, '')
    expect(errorName(first.errorCode)).toBe(joins < 4 ? 'NONE' : 'MEMBER_ID_REQUIRED')
    const joined = joins < 4 ? first : await join(joins, group, first.memberId)
    expect(joined).toMatchObject({ errorCode: 0, generationId: 1, protocolName: 'range', leader: joined.memberId })
    expect(joined.members.map(({ memberId }) => memberId)).toEqual([joined.memberId])
    expect((await sync(syncs, group, joined.memberId)).assignment.toString()).toBe('assignment')
    expect(await beat(beats, group, joined.memberId)).toBe('NONE')
    expect(errorName((await leave(leaves, group, joined.memberId)).errorCode)).toBe('NONE')
    expect(await beat(beats, group, joined.memberId)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('a refused JoinGroup names no protocol: by an empty name before version 7, by null since', async () => {
    const group = await coordinated('no-protocol')
    const named = async (version: number, groupId: string, memberId: string) =>
      (await join(version, groupId, memberId)).protocolName
    for (const version of [0, 5, 6])
      expect([version, await named(version, '', ''), await named(version, group, 'x')]).toEqual([version, '', ''])
    for (const version of [7, 9]) {
      expect([version, await named(version, '', ''), await named(version, group, 'x')]).toEqual([version, null, null])
      // MEMBER_ID_REQUIRED.
      expect(await named(version, group, '')).toBeNull()
    }
  })

  test('that nobody knows are refused', async () => {
    const group = await coordinated('nobody')
    expect(errorName((await join(5, group, 'stranger')).errorCode)).toBe('UNKNOWN_MEMBER_ID')
    expect(errorName((await sync(5, group, 'stranger')).errorCode)).toBe('UNKNOWN_MEMBER_ID')
    expect(errorName((await sync(5, group, 'stranger', null)).errorCode)).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(await beat(4, group, 'stranger')).toBe('UNKNOWN_MEMBER_ID')
    expect(errorName((await leave(2, group, 'stranger')).errorCode)).toBe('UNKNOWN_MEMBER_ID')
    const left = await leave(5, group, 'stranger')
    expect([left.errorCode, ...left.members.map(({ errorCode }) => errorName(errorCode))]).toEqual([0, 'UNKNOWN_MEMBER_ID'])
    expect(errorName((await join(5, '', '')).errorCode)).toBe('INVALID_GROUP_ID')
    expect(await beat(4, '', 'stranger')).toBe('INVALID_GROUP_ID')
  })
})
