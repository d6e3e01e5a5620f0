import { int32, int64, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
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
