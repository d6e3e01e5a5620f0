import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/**
 * Stores how far a group has read.
 *
 * - 1: group membership, commit timestamp · 2: retention instead of that timestamp · 3: throttle time
 * - 5: no retention (KIP-211) · 6: leader epoch (KIP-320) · 7: static membership (KIP-345) · 8: flexible
 * - 9: members by epoch, STALE_MEMBER_EPOCH (KIP-848) · 10: topics by id (KIP-848)
 */
export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: '0-10',
  flexible: '8+',
  request: {
    groupId: string,
    generationIdOrMemberEpoch: int32.since(1).default(-1),
    memberId: string.since(1),
    groupInstanceId: nullable(string).since(7),
    retentionTimeMs: int64.since(2).until(4).default(-1n),
    topics: array({
      name: string.until(9),
      topicId: uuid.since(10),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(6).default(-1),
        commitTimestamp: int64.since(1).until(1).default(-1n),
        committedMetadata: nullable(string).default(''),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.since(3),
    topics: array({
      name: string.until(9),
      topicId: uuid.since(10),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: error.errorCode })),
    })),
  }),
})
