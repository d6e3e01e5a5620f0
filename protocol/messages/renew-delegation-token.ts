import { defineApi } from '../schema/api.ts'
import { bytes, int16, int32, int64 } from '../schema/field.ts'

/**
 * Makes a delegation token last longer (KIP-48).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible
 */
export const renewDelegationToken = defineApi({
  key: 39,
  name: 'RenewDelegationToken',
  versions: '0-2',
  flexible: '2+',
  request: {
    hmac: bytes,
    renewPeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  },
})
