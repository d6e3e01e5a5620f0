import { defineApi } from '../schema/api.ts'
import { int16, int32, nullable, string, uuid } from '../schema/field.ts'

/** Removes a voter from the KRaft quorum (KIP-853). */
export const removeRaftVoter = defineApi({
  key: 81,
  name: 'RemoveRaftVoter',
  versions: '0',
  flexible: '0+',
  request: {
    clusterId: nullable(string).default(''),
    voterId: int32,
    voterDirectoryId: uuid,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
  },
})
