import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Leaves a classic group.
 *
 * - 1: throttle time · 3: many members, by id or group instance id (KIP-345) · 4: flexible · 5: the reason (KIP-800)
 */
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    groupId: string,
    memberId: string.until(2),
    members: array({
      memberId: string,
      groupInstanceId: nullable(string).default(null),
      reason: nullable(string).since(5),
    }).since(3),
  },
  response: {
    throttleTimeMs: int32.since(1),
    errorCode: int16,
    members: array({
      memberId: string,
      groupInstanceId: nullable(string).default(''),
      errorCode: int16,
    }).since(3),
  },
})
