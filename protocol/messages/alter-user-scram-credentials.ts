import { defineApi } from '../schema/api.ts'
import { array, bytes, int8, int16, int32, nullable, string } from '../schema/field.ts'

/** Sets and removes SCRAM credentials (KIP-554). */
export const alterUserScramCredentials = defineApi({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request: {
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullable(string).default(''),
    }),
  },
  refuse: (request, error) => {
    const users = new Set([...request.deletions, ...request.upsertions].map(({ name }) => name))
    return { results: [...users].map((user) => ({ user, errorCode: error.errorCode, errorMessage: error.message })) }
  },
})
