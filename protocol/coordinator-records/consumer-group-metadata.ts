import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
export const consumerGroupMetadataRecord = defineRecord({
  type: 3,
  name: 'ConsumerGroupMetadata',
  key: {
    groupId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      epoch: int32,
      metadataHash: int64.tag(0),
    },
  },
})
