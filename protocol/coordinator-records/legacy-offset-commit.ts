import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** An offset as the first coordinators stored it. Nobody writes it any more; old logs may still hold it. */
export const legacyOffsetCommitRecord = defineRecord({
  type: 0,
  name: 'LegacyOffsetCommit',
  key: {
    group: string,
    topic: string,
    partition: int32,
  },
  value: {
    versions: '0',
    flexible: 'none',
    fields: {
      offset: int64,
      metadata: string,
      commitTimestamp: int64,
    },
  },
})
