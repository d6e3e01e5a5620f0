import { defineApi } from '../schema/api.ts'
import { array, bool, bytes, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * The state and the members of classic groups.
 *
 * - 1: throttle time · 3: authorized operations (KIP-430) · 4: static membership (KIP-345) · 5: flexible
 * - 6: GROUP_ID_NOT_FOUND instead of a dead group (KIP-1043)
 */
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
