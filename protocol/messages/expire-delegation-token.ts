import { defineApi } from '../schema/api.ts'
import { bytes, int16, int32, int64 } from '../schema/field.ts'

/**
 * Ends a delegation token, or sets when it ends (KIP-48).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible
 */
export const expireDelegationToken = defineApi({
  key: 40,
  name: 'ExpireDelegationToken',
  versions: '0-2',
  flexible: '2+',
  request: {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  },
})
