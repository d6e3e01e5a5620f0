import { defineApi } from '../schema/api.ts'
import { array, bytes, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Hands in the leader's assignment of a classic group and gives each member its part.
 *
 * - 1: throttle time · 3: static membership (KIP-345) · 4: flexible · 5: protocol type and name are checked (KIP-559)
 */
export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullable(string).since(3),
    protocolType: nullable(string).since(5),
    protocolName: nullable(string).since(5),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  },
  response: {
    throttleTimeMs: int32.since(1),
    errorCode: int16,
    protocolType: nullable(string).since(5),
    protocolName: nullable(string).since(5),
    assignment: bytes,
  },
})
