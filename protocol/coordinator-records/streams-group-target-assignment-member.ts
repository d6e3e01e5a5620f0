import { array, int32, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

/** The tasks that a member of a streams group shall have (KIP-1071). */
export const streamsGroupTargetAssignmentMemberRecord = defineRecord({
  type: 21,
  name: 'StreamsGroupTargetAssignmentMember',
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
    },
  },
})
