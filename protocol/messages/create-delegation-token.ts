import { defineApi } from '../schema/api.ts'
import { array, bytes, int16, int32, int64, nullable, string } from '../schema/field.ts'

/**
 * Makes a delegation token (KIP-48).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible · 3: on behalf of another owner (KIP-373)
 */
export const createDelegationToken = defineApi({
  key: 38,
  name: 'CreateDelegationToken',
  versions: '0-3',
  flexible: '2+',
  request: {
    ownerPrincipalType: nullable(string).since(3).default(''),
    ownerPrincipalName: nullable(string).since(3).default(''),
    renewers: array({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64,
  },
  response: {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32.default(0),
  },
  refuse: (_request, error) => ({
    errorCode: error.errorCode,
    principalType: 'User',
    principalName: 'ANONYMOUS',
    issueTimestampMs: -1n,
    expiryTimestampMs: -1n,
    maxTimestampMs: -1n,
    tokenId: '',
    hmac: Buffer.alloc(0),
  }),
})
