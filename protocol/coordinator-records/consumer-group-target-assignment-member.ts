import { array, int32, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** What a member of a consumer group shall have (KIP-848). */
export const consumerGroupTargetAssignmentMemberRecord = defineRecord({
  type: 7,
  name: 'ConsumerGroupTargetAssignmentMember',
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      topicPartitions: array({
        topicId: uuid,
        partitions: array(int32),
      }),
    },
  },
})
