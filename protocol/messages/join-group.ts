import { defineApi } from '../schema/api.ts'
import { array, bool, bytes, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Enters a classic group and waits for its next generation.
 *
 * - 1: rebalance timeout · 2: throttle time · 3: throttled after the answer (KIP-219) · 4: a member id is given first, then
 *   joined with (KIP-394)
 * - 5: static membership (KIP-345) · 6: flexible · 7: protocol type in the answer (KIP-559)
 * - 8: the reason (KIP-800) · 9: a leader may be told to leave the assignment alone (KIP-814)
 */
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
