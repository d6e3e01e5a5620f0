import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string } from '../schema/field.ts'

/** Which SCRAM credentials users have, without the secrets (KIP-554). */
export const describeUserScramCredentials = defineApi({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request: {
    users: nullable(
      array({
        name: string,
      }),
    ).default([]),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullable(string).default(''),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
})
