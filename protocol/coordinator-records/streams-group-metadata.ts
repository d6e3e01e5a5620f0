import { array, int32, int64, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const lastAssignmentConfig = {
  key: string,
  value: string,
}

/** A streams group and its epoch (KIP-1071). */
export const streamsGroupMetadataRecord = defineRecord({
  type: 17,
  name: 'StreamsGroupMetadata',
  key: {
    groupId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      epoch: int32,
      metadataHash: int64,
      validatedTopologyEpoch: int32.tag(0).default(-1),
      lastAssignmentConfigs: nullable(array(lastAssignmentConfig)).tag(1).default([]),
      storedDescriptionTopologyEpoch: int32.tag(2).default(-1),
      failedDescriptionTopologyEpoch: int32.tag(3).default(-1),
    },
  },
})
