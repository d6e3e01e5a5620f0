import { array, int32, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const topicPartitionsInfo = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
}

const topicInfo = {
  topicId: uuid,
  topicName: string,
}

/** Which partitions of a share group have stored state, are getting it, or are losing it (KIP-932). */
export const shareGroupStatePartitionMetadataRecord = defineRecord({
  type: 15,
  name: 'ShareGroupStatePartitionMetadata',
  key: {
    groupId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      initializingTopics: array(topicPartitionsInfo),
      initializedTopics: array(topicPartitionsInfo),
      deletingTopics: array(topicInfo),
    },
  },
})
