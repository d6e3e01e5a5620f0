import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, int64, string } from '../schema/field.ts'

/**
 * Finds offsets by timestamp, and the ends of partitions.
 *
 * - 1: one offset with its timestamp instead of a list (KIP-79) · 2: isolation level (KIP-98)
 * - 3: throttled after the answer (KIP-219) · 4: leader epochs (KIP-320) · 5: OFFSET_NOT_AVAILABLE (KIP-207)
 * - 6: flexible · 7: the record with the greatest timestamp (KIP-734)
 * - 8: local log start (KIP-405) · 9: last tiered offset (KIP-1005) · 10: a timeout for remote look-ups (KIP-1075)
 * - 11: earliest offset not yet tiered (KIP-1023)
 */
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: '0-11',
  flexible: '6+',
  request: {
    replicaId: int32,
    isolationLevel: int8.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.since(4).default(-1),
        timestamp: int64,
        maxNumOffsets: int32.until(0).default(1),
      }),
    }),
    timeoutMs: int32.since(10),
  },
  response: {
    throttleTimeMs: int32.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        oldStyleOffsets: array(int64).until(0),
        timestamp: int64.since(1).default(-1n),
        offset: int64.since(1).default(-1n),
        leaderEpoch: int32.since(4).default(-1),
      }),
    }),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: error.errorCode })),
    })),
  }),
})
