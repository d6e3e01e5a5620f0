import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, nullable, string, struct, uuid } from '../schema/field.ts'

const topicPartitions = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
}

const assignment = {
  topicPartitions: array(topicPartitions),
}

/**
 * The state and the members of share groups (KIP-932).
 *
 * Version 0 was early access and is gone.
 */
export const shareGroupDescribe = defineApi({
  key: 77,
  name: 'ShareGroupDescribe',
  versions: '1',
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
        rackId: nullable(string).default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        assignment: struct(assignment),
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
