import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The epoch of a streams group's target assignment (KIP-1071). */
export const streamsGroupTargetAssignmentMetadataRecord = defineRecord({
  type: 20,
  name: 'StreamsGroupTargetAssignmentMetadata',
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
