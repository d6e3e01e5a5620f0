import { uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Removes a topic with its partitions and settings. */
export const removeTopicRecord = defineRecord({
  type: 9,
  name: 'RemoveTopicRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    topicId: uuid,
  },
})
