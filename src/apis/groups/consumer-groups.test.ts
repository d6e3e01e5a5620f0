import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { consumerGroupDescribe } from '../../../protocol/messages/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from '../../../protocol/messages/consumer-group-heartbeat.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { incrementalAlterConfigs } from '../../../protocol/messages/incremental-alter-configs.ts'
import { metadata } from '../../../protocol/messages/metadata.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import type { RequestOf } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { ConfigResource } from '../../cluster/metadata-image.ts'
import { testBroker } from '../test-broker.ts'

const { ask } = testBroker({ topics: { orders: 2 } })

type HeartbeatRequest = RequestOf<typeof consumerGroupHeartbeat>

/** A member that joins, but for what is said otherwise. */
async function beat(groupId: string, memberId: string, change: Partial<HeartbeatRequest> = {}, version = 1) {
  const { memberEpoch = 0 } = change
  const joins = memberEpoch === 0
  const request = {
    groupId,
    memberId,
    memberEpoch,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: joins ? 60_000 : -1,
    subscribedTopicNames: joins ? ['orders'] : null,
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: joins ? [] : null,
    ...change,
  }
  return await ask(consumerGroupHeartbeat, version, request)
}

/** Makes the topic of the coordinator, as every client's first step does. */
async function coordinated(group: string): Promise<string> {
  await ask(findCoordinator, 3, { key: group, keyType: 0 })
  return group
}

const describeGroup = async (groupId: string, version = 1) =>
  (await ask(consumerGroupDescribe, version, { groupIds: [groupId], includeAuthorizedOperations: true })).groups[0]!

describe('ConsumerGroupHeartbeat', () => {
  test.each([0, 1])('version %i joins, gets partitions by the id of their topic, and leaves', async (version) => {
    const group = await coordinated(`life-${version}`)
    const { topics } = await ask(metadata, 13, { topics: null })
    const topicId = topics.find(({ name }) => name === 'orders')?.topicId
    const joined = await beat(group, 'm', {}, version)
    const assignment = { topicPartitions: [{ topicId, partitions: [0, 1] }] }
    expect(joined).toMatchObject({ errorCode: 0, memberId: 'm', memberEpoch: 2, heartbeatIntervalMs: 5000, assignment })
    expect(await describeGroup(group)).toMatchObject({
      groupState: 'Stable',
      groupEpoch: 2,
      assignorName: 'uniform',
      members: [{ memberId: 'm', clientHost: '/127.0.0.1', memberType: 1 }],
    })
    expect(await beat(group, 'm', { memberEpoch: -1 }, version)).toMatchObject({ errorCode: 0, memberEpoch: -1 })
    expect(await describeGroup(group)).toMatchObject({ groupState: 'Empty', members: [] })
  })

  test('a member of version 0 that has no id is given one', async () => {
    const { memberId } = await beat(await coordinated('unnamed'), '', {}, 0)
    expect(memberId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('topics by a regular expression; one that is not valid is refused', async () => {
    const group = await coordinated('expressions')
    const by = (subscribedTopicRegex: string) => ({ subscribedTopicNames: null, subscribedTopicRegex })
    const refused = await beat(group, 'm', by('('))
    expect([errorName(refused.errorCode), refused.errorMessage]).toEqual([
      'INVALID_REGULAR_EXPRESSION',
      'SubscribedTopicRegex `(` is not a valid regular expression: missing closing ).',
    ])
    let { memberEpoch, assignment } = await beat(group, 'm', by('ord.*'))
    // It is matched after the answer: a later heartbeat brings the assignment.
    while (memberEpoch < 2) ({ memberEpoch, assignment } = await beat(group, 'm', { memberEpoch }))
    expect(assignment?.topicPartitions[0]?.partitions).toEqual([0, 1])
  })

  test('the interval is the one that is set for the group', async () => {
    const group = await coordinated('configured')
    const configs = [{ name: 'consumer.heartbeat.interval.ms', configOperation: 0, value: '7000' }]
    const resources = [{ resourceType: ConfigResource.group, resourceName: group, configs }]
    await ask(incrementalAlterConfigs, 1, { resources, validateOnly: false })
    expect((await beat(group, 'm')).heartbeatIntervalMs).toBe(7000)
  })
})

describe('offsets of a member', () => {
  test('are committed and fetched under its epoch', async () => {
    const group = await coordinated('offsets')
    const { memberEpoch } = await beat(group, 'm')
    const commit = async (generationIdOrMemberEpoch: number) => {
      const partition = { partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: -1, committedMetadata: '' }
      const request = { groupId: group, memberId: 'm', groupInstanceId: null, generationIdOrMemberEpoch }
      const { topics } = await ask(offsetCommit, 9, { ...request, topics: [{ name: 'orders', partitions: [partition] }] })
      return errorName(topics[0]!.partitions[0]!.errorCode)
    }
    expect([await commit(memberEpoch), await commit(memberEpoch + 1), await commit(1)]).toEqual([
      'NONE',
      'STALE_MEMBER_EPOCH',
      'STALE_MEMBER_EPOCH',
    ])
    const fetch = async (epoch: number) => {
      const topics = [{ name: 'orders', topicId: ZERO_UUID, partitionIndexes: [0] }]
      const groups = [{ groupId: group, memberId: 'm', memberEpoch: epoch, topics }]
      const answer = (await ask(offsetFetch, 9, { groups, requireStable: false })).groups![0]!
      return [errorName(answer.errorCode ?? 0), answer.topics[0]?.partitions[0]?.committedOffset]
    }
    expect([await fetch(memberEpoch), await fetch(1)]).toEqual([
      ['NONE', 5n],
      ['STALE_MEMBER_EPOCH', undefined],
    ])
  })
})

describe('ConsumerGroupDescribe', () => {
  test('a group that is not there, and none', async () => {
    await coordinated('nothing')
    expect(await describeGroup('nothing')).toMatchObject({ errorCode: 69, errorMessage: 'Group nothing not found.' })
    expect(errorName((await describeGroup('')).errorCode)).toBe('INVALID_GROUP_ID')
  })

  test('tells what may be done with it, where it is asked', async () => {
    const group = await coordinated('allowed')
    await beat(group, 'm')
    expect((await describeGroup(group)).authorizedOperations).toBeGreaterThan(0)
  })
})
