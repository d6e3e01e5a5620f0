import { string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
export const clearElrRecord = defineRecord({
  type: 28,
  name: 'ClearElrRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    topicName: string,
  },
})
