import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A share group and its epoch (KIP-932). */
export const shareGroupMetadataRecord = defineRecord({
  type: 11,
  name: 'ShareGroupMetadata',
  key: {
    groupId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      epoch: int32,
      metadataHash: int64,
    },
  },
})
