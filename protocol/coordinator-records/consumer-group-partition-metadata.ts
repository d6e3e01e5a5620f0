import { array, int32, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The partitions of a consumer group's topics. Since 4.1 a hash in the group's own record stands for it (KIP-1101); only tombstones are written. */
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
