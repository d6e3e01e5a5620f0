import { defineApi } from '../schema/api.ts'
import { array, bool, bytes, int16, int32, nullable, string } from '../schema/field.ts'

/** TODO JoinGroup */
export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).default(-1),
    memberId: string,
    groupInstanceId: nullable(string).since(5),
    protocolType: string,
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: nullable(string).since(8),
  },
  response: {
    throttleTimeMs: int32.since(2),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: nullable(string).since(7),
    protocolName: nullable(string, '7+').default(''),
    leader: string,
    skipAssignment: bool.since(9),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: nullable(string).since(5),
      metadata: bytes,
    }),
  },
})
