import { defineApi } from '../schema/api.ts'
import { array, bytes, int16, int32, int64, nullable, string } from '../schema/field.ts'

/**
 * The delegation tokens of owners (KIP-48).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible · 3: who asked for the token (KIP-373)
 */
export const describeDelegationToken = defineApi({
  key: 41,
  name: 'DescribeDelegationToken',
  versions: '0-3',
  flexible: '2+',
  request: {
    owners: nullable(
      array({
        principalType: string,
        principalName: string,
      }),
    ).default([]),
  },
  response: {
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: string.since(3),
      tokenRequesterPrincipalName: string.since(3),
      issueTimestamp: int64,
      expiryTimestamp: int64,
      maxTimestamp: int64,
      tokenId: string,
      hmac: bytes,
      renewers: array({
        principalType: string,
        principalName: string,
      }),
    }),
    throttleTimeMs: int32.default(0),
  },
})
