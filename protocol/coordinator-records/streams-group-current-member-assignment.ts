import { array, int8, int32, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
  assignmentEpochs: nullable(array(int32)).tag(0).default([]),
}

/** The tasks that a member of a streams group has, and still has to give back (KIP-1071). */
export const streamsGroupCurrentMemberAssignmentRecord = defineRecord({
  type: 22,
  name: 'StreamsGroupCurrentMemberAssignment',
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
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
      activeTasksPendingRevocation: array(taskIds),
      standbyTasksPendingRevocation: array(taskIds),
      warmupTasksPendingRevocation: array(taskIds),
    },
  },
})
