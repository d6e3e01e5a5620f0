import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/**
 * Asks how far groups have read.
 *
 * Version 0 read from ZooKeeper once; it is answered like version 1.
 *
 * - 2: null for all topics, an error for the whole answer (KIP-88) · 3: throttle time · 5: leader epoch (KIP-320)
 * - 6: flexible · 7: refuses offsets of open transactions (KIP-447) · 8: many groups (KIP-709)
 * - 9: member id and epoch (KIP-848) · 10: topics by id (KIP-848)
 */
export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: '0-10',
  flexible: '6+',
  request: {
    groupId: string.until(7),
    topics: nullable(
      array({
        name: string,
        partitionIndexes: array(int32),
      }),
      '2+',
    )
      .until(7)
      .default([]),
    groups: array({
      groupId: string,
      memberId: nullable(string).since(9),
      memberEpoch: int32.since(9).default(-1),
      topics: nullable(
        array({
          name: string.until(9),
          topicId: uuid.since(10),
          partitionIndexes: array(int32),
        }),
      ).default([]),
    }).since(8),
    requireStable: bool.since(7),
  },
  response: {
    throttleTimeMs: int32.since(3),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(5).default(-1),
        metadata: nullable(string).default(''),
        errorCode: int16,
      }),
    }).until(7),
    errorCode: int16.since(2).until(7),
    groups: array({
      groupId: string,
      topics: array({
        name: string.until(9),
        topicId: uuid.since(10),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: int32.default(-1),
          metadata: nullable(string).default(''),
          errorCode: int16,
        }),
      }),
      errorCode: int16.default(0),
    }).since(8),
  },
  refuse: (request, error) => ({
    errorCode: error.errorCode,
    topics: (request.topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: -1n,
        errorCode: error.errorCode,
      })),
    })),
    groups: request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode: error.errorCode })),
  }),
})
