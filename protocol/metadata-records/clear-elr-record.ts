import { string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Empties the eligible leader replicas of a topic's partitions, or of all (KIP-966). */
export const clearElrRecord = defineRecord({
  type: 28,
  name: 'ClearElrRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    topicName: string,
  },
})
