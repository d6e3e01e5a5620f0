import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string } from '../schema/field.ts'

/** The partitions that are being moved (KIP-455). */
export const listPartitionReassignments = defineApi({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: '0+',
  request: {
    timeoutMs: int32.default(60000),
    topics: nullable(
      array({
        name: string,
        partitionIndexes: array(int32),
      }),
    ).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
})
