import { expect, test } from '@jest/globals'
import type { ErrorName } from '../../../../protocol/errors.ts'
import { errorCode } from '../../../../protocol/errors.ts'
import { TestGroups } from '../test-groups.ts'

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
