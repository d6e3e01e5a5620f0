import { defineApi } from '../schema/api.ts'
import { array, int16, int32, string } from '../schema/field.ts'

/**
 * Moves replicas between the broker's log directories (KIP-113).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible
 */
export const alterReplicaLogDirs = defineApi({
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: '0-2',
  flexible: '2+',
  request: {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
  refuse: (request, error) => ({
    results: request.dirs
      .flatMap(({ topics }) => topics)
      .map(({ name, partitions }) => ({
        topicName: name,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode: error.errorCode })),
      })),
  }),
})
