import { array, int8, int32, nullable, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
  assignmentEpochs: nullable(array(int32)).tag(0).default([]),
}

/** What a member of a consumer group has, and still has to give back (KIP-848). */
export const consumerGroupCurrentMemberAssignmentRecord = defineRecord({
  type: 8,
  name: 'ConsumerGroupCurrentMemberAssignment',
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: array(topicPartitions),
      partitionsPendingRevocation: array(topicPartitions),
    },
  },
})
