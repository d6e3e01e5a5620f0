import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The epoch of a share group's target assignment (KIP-932). */
export const shareGroupTargetAssignmentMetadataRecord = defineRecord({
  type: 12,
  name: 'ShareGroupTargetAssignmentMetadata',
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
