import { array, int32, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
export const consumerGroupPartitionMetadataRecord = defineRecord({
  type: 4,
  name: 'ConsumerGroupPartitionMetadata',
  key: {
    groupId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      topics: array({
        topicId: uuid,
        topicName: string,
        numPartitions: int32,
        partitionMetadata: array({
          partition: int32,
          racks: array(string),
        }),
      }),
    },
  },
})
