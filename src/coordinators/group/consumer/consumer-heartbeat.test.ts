import { expect, test } from '@jest/globals'
import type { ErrorName } from '../../../../protocol/errors.ts'
import { errorCode } from '../../../../protocol/errors.ts'
import { TestGroups } from '../test-groups.ts'
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './consumer-request.ts'

const heartbeatMember = { memberId: 'a', memberEpoch: 0, instanceId: null, rackId: null, serverAssignor: null }

test.each<[ErrorName, object]>([
  ['COORDINATOR_NOT_AVAILABLE', { memberBytesMax: 50_000 }],
  ['UNKNOWN_SERVER_ERROR', { batchBytesMax: 5000 }],
])('names that cannot be kept are refused with %s before they are looked up', (error, settings) => {
  const groups = new TestGroups(settings)
  let lookups = 0
  groups.topics.byName = () => {
    lookups += 1
    return undefined
  }
  const subscribedTopicNames = Array.from({ length: 1000 }, (_, index) => `topic-${index}`)
  const own = { groupId: 'g', rebalanceTimeoutMs: 60_000, subscribedTopicNames, subscribedTopicRegex: null, topicPartitions: [] }
  const request = { ...heartbeatMember, ...own }
  const { replies, records } = groups.request({ api: 'ConsumerGroupHeartbeat', request, invalidRegex: null }, { version: 1 })
  expect(replies[0]?.response).toMatchObject({ errorCode: errorCode(error) })
  expect(records).toEqual([])
  expect(lookups).toBe(0)
})

function beat(groups: TestGroups, change: Partial<ConsumerGroupHeartbeatRequest>): ConsumerGroupHeartbeatResponse {
  const unsaid = { rebalanceTimeoutMs: -1, subscribedTopicNames: null, subscribedTopicRegex: null, topicPartitions: null }
  const request = { ...heartbeatMember, groupId: 'g', ...unsaid, ...change }
  const { replies } = groups.request({ api: 'ConsumerGroupHeartbeat', request, invalidRegex: null }, { version: 1 })
  return replies[0]?.response as ConsumerGroupHeartbeatResponse
}

test('a member whose expression is not matched yet has no part in the topics that the others name', () => {
  const groups = new TestGroups()
  groups.topics.set('orders', 4)
  const joining = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] }
  const first = beat(groups, { ...joining, memberId: 'a', subscribedTopicNames: ['orders'] })
  const second = beat(groups, { ...joining, memberId: 'b', subscribedTopicNames: ['orders'] })
  beat(groups, { memberId: 'b', memberEpoch: second.memberEpoch })
  // The assignment is made anew with the next heartbeat, which is that of a member with an expression.
  beat(groups, { memberId: 'b', memberEpoch: -1 })
  beat(groups, { ...joining, memberId: 'c', subscribedTopicRegex: 'nothing-.*' })
  groups.runEffect()
  const all = [{ topicId: groups.topics.byName('orders')!.id, partitions: [0, 1, 2, 3] }]
  const full = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['orders'], topicPartitions: all }
  const { assignment } = beat(groups, { ...full, memberId: 'a', memberEpoch: first.memberEpoch })
  expect(assignment?.topicPartitions).toEqual(all)
})
