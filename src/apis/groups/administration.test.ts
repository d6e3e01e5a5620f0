import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { deleteGroups } from '../../../protocol/messages/delete-groups.ts'
import { describeGroups } from '../../../protocol/messages/describe-groups.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { joinGroup } from '../../../protocol/messages/join-group.ts'
import { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import { listGroups } from '../../../protocol/messages/list-groups.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { offsetDelete } from '../../../protocol/messages/offset-delete.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { syncGroup } from '../../../protocol/messages/sync-group.ts'
import { subscription } from '../../coordinators/group/test-groups.ts'
import { testBroker } from '../test-broker.ts'

const { ask } = testBroker({ topics: { orders: 2, payments: 1 } })

async function commit(groupId: string, topics: readonly string[] = ['orders'], member = { id: '', generation: -1 }) {
  await ask(findCoordinator, 3, { key: groupId, keyType: 0 })
  const answer = await ask(offsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: member.generation,
    memberId: member.id,
    topics: topics.map((name) => ({
      name,
      partitions: [{ partitionIndex: 0, committedOffset: 5n, committedMetadata: '' }],
    })),
  })
  expect(answer.topics.map(({ partitions }) => partitions[0]!.errorCode)).toEqual(topics.map(() => 0))
}

/** Into a stable group of one; gives the member's id. */
async function member(groupId: string): Promise<string> {
  await ask(findCoordinator, 3, { key: groupId, keyType: 0 })
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 }
  const protocols = [{ name: 'range', metadata: subscription(['orders']) }]
  const joining = { groupId, ...timeouts, memberId: '', protocolType: 'consumer', protocols }
  const { memberId } = await ask(joinGroup, 3, joining)
  const assignments = [{ memberId, assignment: Buffer.from('p0') }]
  await ask(syncGroup, 3, { groupId, generationId: 1, memberId, assignments })
  return memberId
}

const describeOne = async (version: number, groupId: string, includeAuthorizedOperations = false) =>
  (await ask(describeGroups, version, { groups: [groupId], includeAuthorizedOperations })).groups[0]!

describe('DescribeGroups', () => {
  test.each([0, 1, 2, 3, 4, 5, 6])('version %i shows the members of a stable group', async (version) => {
    const group = `described-by-${version}`
    const memberId = await member(group)
    expect(await describeOne(version, group)).toMatchObject({
      errorCode: 0,
      groupId: group,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [
        {
          memberId,
          groupInstanceId: null,
          clientHost: '/127.0.0.1',
          memberMetadata: subscription(['orders']),
          memberAssignment: Buffer.from('p0'),
        },
      ],
    })
  })

  test('tells what may be done with a group where that is asked for', async () => {
    await commit('operations')
    expect((await describeOne(5, 'operations')).authorizedOperations).toBe(-2147483648)
    expect((await describeOne(5, 'operations', true)).authorizedOperations).toBe(0b110101001000)
    expect((await describeOne(6, 'none', true)).authorizedOperations).toBe(-2147483648)
  })

  test('a group that is not there is dead, and from version 6 on an error', async () => {
    await commit('here')
    expect(await describeOne(5, 'absent')).toMatchObject({ errorCode: 0, groupState: 'Dead', members: [] })
    const described = await describeOne(6, 'absent')
    expect(described).toMatchObject({ errorMessage: 'Group absent not found.', groupState: 'Dead' })
    expect(errorName(described.errorCode)).toBe('GROUP_ID_NOT_FOUND')
  })

  test('several groups at once, one of them without a name, each once', async () => {
    await commit('one')
    const { groups } = await ask(describeGroups, 5, { groups: ['one', '', 'two', 'one'], includeAuthorizedOperations: false })
    const states = groups.map(({ groupId, groupState }) => `${groupId} ${groupState}`)
    expect(states.sort()).toEqual([' Dead', 'one Empty', 'two Dead'])
  })
})

describe('ListGroups', () => {
  const list = async (version: number, statesFilter: readonly string[] = [], typesFilter: readonly string[] = []) => {
    const { errorCode, groups } = await ask(listGroups, version, { statesFilter, typesFilter })
    expect(errorCode).toBe(0)
    return groups.filter(({ groupId }) => groupId.startsWith('listed-'))
  }

  test.each([0, 1, 2, 3, 4, 5])('version %i lists groups of all partitions', async (version) => {
    for (const name of ['a', 'b', 'c']) await commit(`listed-${name}`)
    const groups = await list(version)
    expect(groups.map(({ groupId }) => groupId).sort()).toEqual(['listed-a', 'listed-b', 'listed-c'])
    expect(groups[0]).toMatchObject({
      protocolType: '',
      groupState: version >= 4 ? 'Empty' : '',
      groupType: version >= 5 ? 'classic' : '',
    })
  })

  test('by state from version 4, by type from version 5 on, in any case', async () => {
    await commit('listed-a')
    await member('listed-stable')
    const ids = async (...filters: readonly (readonly string[])[]) =>
      (await list(5, ...filters)).map(({ groupId }) => groupId).filter((id) => id === 'listed-a' || id === 'listed-stable')
    expect(await ids(['STABLE'])).toEqual(['listed-stable'])
    expect(await ids(['empty'], ['Classic'])).toEqual(['listed-a'])
    expect(await ids([], ['consumer'])).toEqual([])
    expect((await list(4, ['stable'])).map(({ groupId }) => groupId)).toEqual(['listed-stable'])
  })
})

describe('DeleteGroups', () => {
  test.each([0, 1, 2, 3])('version %i deletes what is empty, with its offsets', async (version) => {
    const [empty, full] = [`empty-${version}`, `full-${version}`]
    await commit(empty)
    await member(full)
    const { results } = await ask(deleteGroups, version, { groupsNames: [empty, full, 'absent', empty] })
    const told = results.map(({ groupId, errorCode, errorMessage }) => [groupId, errorName(errorCode), errorMessage])
    expect(told.sort()).toEqual([
      ['absent', 'GROUP_ID_NOT_FOUND', version >= 3 ? 'Group absent not found.' : null],
      [empty, 'NONE', null],
      [full, 'NON_EMPTY_GROUP', version >= 3 ? 'Group still has members.' : null],
    ])
    const { topics } = await ask(offsetFetch, 5, { groupId: empty, topics: null })
    expect(topics).toEqual([])
  })
})

describe('OffsetDelete', () => {
  const remove = async (groupId: string, topics: readonly (readonly [string, readonly number[]])[]) => {
    const asked = topics.map(([name, partitions]) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
    }))
    const answer = await ask(offsetDelete, 0, { groupId, topics: asked })
    const parts = answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => `${name}:${partitionIndex} ${errorName(errorCode)}`),
    )
    return [errorName(answer.errorCode), ...parts]
  }

  test('removes offsets that nobody needs', async () => {
    await commit('unneeded', ['orders', 'payments'])
    expect(
      await remove('unneeded', [
        ['orders', [0, 1, 7]],
        ['unknown', [0]],
      ]),
    ).toEqual([
      'NONE',
      'orders:7 UNKNOWN_TOPIC_OR_PARTITION',
      'orders:0 NONE',
      'orders:1 NONE',
      'unknown:0 UNKNOWN_TOPIC_OR_PARTITION',
    ])
    expect(
      await remove('unneeded', [
        ['orders', [0]],
        ['unknown', [0]],
      ]),
    ).toEqual(['NONE', 'unknown:0 UNKNOWN_TOPIC_OR_PARTITION', 'orders:0 NONE'])
    const { topics } = await ask(offsetFetch, 5, { groupId: 'unneeded', topics: null })
    expect(topics.map(({ name }) => name)).toEqual(['payments'])
  })

  test('not of topics that members subscribe to', async () => {
    const id = await member('needed')
    await commit('needed', ['orders', 'payments'], { id, generation: 1 })
    expect(
      await remove('needed', [
        ['orders', [0]],
        ['payments', [0]],
      ]),
    ).toEqual(['NONE', 'orders:0 GROUP_SUBSCRIBED_TO_TOPIC', 'payments:0 NONE'])
    await ask(leaveGroup, 0, { groupId: 'needed', memberId: id })
    expect(await remove('needed', [['orders', [0]]])).toEqual(['NONE', 'orders:0 NONE'])
  })

  test('a group that is not there is an error, whatever is asked of it', async () => {
    await commit('unneeded')
    expect(await remove('absent', [['orders', [0]]])).toEqual(['GROUP_ID_NOT_FOUND'])
    expect(await remove('absent', [['unknown', [0]]])).toEqual(['GROUP_ID_NOT_FOUND'])
    expect(await remove('', [['orders', [0]]])).toEqual(['INVALID_GROUP_ID'])
  })
})
