import { array, int32, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** What a member of a share group shall have (KIP-932). */
export const shareGroupTargetAssignmentMemberRecord = defineRecord({
  type: 13,
  name: 'ShareGroupTargetAssignmentMember',
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
