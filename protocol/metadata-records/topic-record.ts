import { string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A new topic, without partitions yet. */
export const topicRecord = defineRecord({
  type: 2,
  name: 'TopicRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: string,
    topicId: uuid,
  },
})
