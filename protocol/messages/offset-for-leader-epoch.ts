import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, string } from '../schema/field.ts'

/**
 * Where a leader epoch ends: by that readers notice a truncation (KIP-101).
 *
 * - 1: the epoch that was found · 2: the reader's epoch, to fence, throttle time (KIP-320) · 3: replica id · 4: flexible
 */
export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: '0-4',
  flexible: '4+',
  request: {
    replicaId: int32.since(3).default(-2),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(2).default(-1),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.since(2),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: int32.since(1).default(-1),
        endOffset: int64.default(-1n),
      }),
    }),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode: error.errorCode })),
    })),
  }),
})
