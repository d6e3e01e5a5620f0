import { defineApi } from '../schema/api.ts'
import { int16, int32, nullable, string } from '../schema/field.ts'

/**
 * A member of a classic group says that it is alive, and learns whether the group rebalances.
 *
 * - 3: static membership (KIP-345)
 * - 4: flexible
 */
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullable(string).since(3),
  },
  response: {
    throttleTimeMs: int32.since(1),
    errorCode: int16,
  },
})
