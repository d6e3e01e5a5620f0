import { int32, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A consumer group and its epoch (KIP-848). The hash tells whether the metadata of its topics changed (KIP-1101). */
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
