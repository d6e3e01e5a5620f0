import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Has leaders elected (KIP-183).
 *
 * - 1: also replicas that are not in sync, an error for the whole answer (KIP-460) · 2: flexible
 */
export const electLeaders = defineApi({
  key: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: '2+',
  request: {
    electionType: int8.since(1),
    topicPartitions: nullable(
      array({
        topic: string,
        partitions: array(int32),
      }),
    ).default([]),
    timeoutMs: int32.default(60000),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(''),
      }),
    }),
  },
  refuse: (request, error) => ({
    errorCode: error.errorCode,
    replicaElectionResults: (request.topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => ({
        partitionId,
        errorCode: error.errorCode,
        errorMessage: error.message,
      })),
    })),
  }),
})
