import { int32, int64, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/**
 * How far a group has read in a partition.
 *
 * - 1: an expiry time of its own, for commits that ask for one
 * - 2: without it (KIP-211) · 3: leader epoch (KIP-320) · 4: flexible, topic id
 */
export const offsetCommitRecord = defineRecord({
  type: 1,
  name: 'OffsetCommit',
  key: {
    group: string,
    topic: string,
    partition: int32,
  },
  value: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      offset: int64,
      leaderEpoch: int32.since(3).default(-1),
      metadata: string,
      commitTimestamp: int64,
      expireTimestamp: int64.since(1).until(1).default(-1n),
      topicId: uuid.since(4).tag(0),
    },
  },
})
