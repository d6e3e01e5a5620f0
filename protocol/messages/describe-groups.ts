import { defineApi } from '../schema/api.ts'
import { array, bool, bytes, int16, int32, nullable, string } from '../schema/field.ts'

/** TODO DescribeGroups */
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  request: {
    groups: array(string),
    includeAuthorizedOperations: bool.since(3),
  },
  response: {
    throttleTimeMs: int32.since(1),
    groups: array({
      errorCode: int16,
      errorMessage: nullable(string).since(6),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: nullable(string).since(4),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3).default(-2147483648),
    }),
  },
  refuse: (request, error) => ({
    groups: request.groups.map((groupId) => ({
      groupId,
      errorCode: error.errorCode,
      groupState: '',
      protocolType: '',
      protocolData: '',
      members: [],
    })),
  }),
})
