import { defineApi } from '../schema/api.ts'
import { bytes, int16, int64, nullable, string } from '../schema/field.ts'

/**
 * One step of a SASL exchange (KIP-152).
 *
 * - 1: how long the session lasts (KIP-368) · 2: flexible
 */
export const saslAuthenticate = defineApi({
  key: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexible: '2+',
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    authBytes: bytes,
    sessionLifetimeMs: int64.since(1),
  },
})
