import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The epoch of a consumer group's target assignment (KIP-848). */
export const consumerGroupTargetAssignmentMetadataRecord = defineRecord({
  type: 6,
  name: 'ConsumerGroupTargetAssignmentMetadata',
  key: {
    groupId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      assignmentEpoch: int32,
      assignmentTimestamp: int64.tag(0),
    },
  },
})
