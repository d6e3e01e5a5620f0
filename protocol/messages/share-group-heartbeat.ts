import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string, struct, uuid } from '../schema/field.ts'

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
}

/**
 * Joins, keeps and leaves a share group (KIP-932).
 *
 * Version 0 was early access and is gone.
 */
export const shareGroupHeartbeat = defineApi({
  key: 76,
  name: 'ShareGroupHeartbeat',
  versions: '1',
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: nullable(string).default(null),
    subscribedTopicNames: nullable(array(string)).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    memberId: nullable(string).default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: nullable(
      struct({
        topicPartitions: array(topicPartitions),
      }),
    ).default(null),
  },
})
