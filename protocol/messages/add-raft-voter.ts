import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, nullable, string, uint16, uuid } from '../schema/field.ts'

/**
 * Adds a voter to the KRaft quorum (KIP-853).
 *
 * - 1: whether to answer before the change is committed
 */
export const addRaftVoter = defineApi({
  key: 80,
  name: 'AddRaftVoter',
  versions: '0-1',
  flexible: '0+',
  request: {
    clusterId: nullable(string).default(''),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
    ackWhenCommitted: bool.since(1).default(true),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
  },
})
