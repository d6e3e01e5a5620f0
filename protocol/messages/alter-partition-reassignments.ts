import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Moves partitions to other replicas, or calls that off (KIP-455).
 *
 * - 1: whether the number of replicas may change (KIP-860)
 */
export const alterPartitionReassignments = defineApi({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: '0-1',
  flexible: '0+',
  request: {
    timeoutMs: int32.default(60000),
    allowReplicationFactorChange: bool.since(1).default(true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: nullable(array(int32)).default(null),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    allowReplicationFactorChange: bool.since(1).default(true),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(''),
      }),
    }),
  },
  // The Java client counts the partitions of an answer, whatever the error at the top.
  refuse: (request, { errorCode, message: errorMessage }) => ({
    errorCode,
    errorMessage,
    responses: (request.topics ?? []).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode, errorMessage })),
    })),
  }),
})
