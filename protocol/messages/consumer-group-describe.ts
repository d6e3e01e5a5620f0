import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string, struct, uuid } from '../schema/field.ts'

const topicPartitions = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
}

const assignment = {
  topicPartitions: array(topicPartitions),
}

/**
 * The state and the members of consumer groups (KIP-848).
 *
 * - 1: whether a member speaks the classic protocol (KIP-1099)
 */
export const consumerGroupDescribe = defineApi({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: nullable(string).default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        instanceId: nullable(string).default(null),
        rackId: nullable(string).default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: nullable(string).default(null),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        memberType: int8.since(1).default(-1),
      }),
      authorizedOperations: int32.default(-2147483648),
    }),
  },
  refuse: (request, error) => ({
    groups: request.groupIds.map((groupId) => ({
      groupId,
      errorCode: error.errorCode,
      errorMessage: error.message,
      groupState: '',
      groupEpoch: 0,
      assignmentEpoch: 0,
      assignorName: '',
      members: [],
    })),
  }),
})
