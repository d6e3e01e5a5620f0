import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../../protocol/errors.ts'
import { testSettings } from '../test-groups.ts'
import { heartbeatRefusalBeforeLookup } from './consumer-groups.ts'
import type { ConsumerGroupHeartbeatRequest } from './consumer-request.ts'

const joining: ConsumerGroupHeartbeatRequest = {
  groupId: 'g',
  memberId: 'm',
  memberEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: 1000,
  subscribedTopicNames: ['orders'],
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: [],
}

function refusal(change: Partial<ConsumerGroupHeartbeatRequest>, version = 1): string | null {
  const refused = heartbeatRefusalBeforeLookup({ ...joining, ...change }, version, testSettings)
  return refused === null ? null : `${errorName(refused.errorCode)} ${refused.errorMessage}`
}

describe('a ConsumerGroupHeartbeat is refused in Kafka’s words before its coordinator is looked for', () => {
  test.each<[string, Partial<ConsumerGroupHeartbeatRequest>]>([
    ["INVALID_REQUEST MemberId can't be empty.", { memberId: ' ' }],
    ["INVALID_REQUEST GroupId can't be empty.", { groupId: '' }],
    ["INVALID_REQUEST InstanceId can't be empty.", { instanceId: '' }],
    ["INVALID_REQUEST RackId can't be empty.", { rackId: '' }],
    ['INVALID_REQUEST RebalanceTimeoutMs must be provided in first request.', { rebalanceTimeoutMs: -1 }],
    ['INVALID_REQUEST TopicPartitions must be empty when (re-)joining.', { topicPartitions: null }],
    [
      'INVALID_REQUEST TopicPartitions must be empty when (re-)joining.',
      { topicPartitions: [{ topicId: 'x', partitions: [0] }] },
    ],
    [
      'INVALID_REQUEST Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
      { subscribedTopicNames: null },
    ],
    ["INVALID_REQUEST InstanceId can't be null.", { memberEpoch: -2 }],
    ['INVALID_REQUEST MemberEpoch is invalid.', { memberEpoch: -3 }],
    [
      'UNSUPPORTED_ASSIGNOR ServerAssignor mine is not supported. Supported assignors: uniform, range.',
      { serverAssignor: 'mine' },
    ],
  ])('%s', (expected, change) => expect(refusal(change)).toBe(expected))

  test('in version 0 a member that joins need not have an id', () => {
    expect(refusal({ memberId: '' }, 0)).toBeNull()
    expect(refusal({ memberId: '', memberEpoch: -2, instanceId: 'i' }, 0)).toBeNull()
    expect(refusal({ memberId: '', memberEpoch: 1 }, 0)).toBe("INVALID_REQUEST MemberId can't be empty.")
    expect(refusal({ memberId: '', memberEpoch: -1 }, 0)).toBe("INVALID_REQUEST MemberId can't be empty.")
  })

  test('no topics, or an empty expression, is a subscription', () => {
    expect(refusal({ subscribedTopicNames: [] })).toBeNull()
    expect(refusal({ subscribedTopicNames: null, subscribedTopicRegex: '' })).toBeNull()
  })
})
