import { array, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The topics that a consumer group's regular expression stood for when it was last resolved (KIP-848). */
export const consumerGroupRegularExpressionRecord = defineRecord({
  type: 16,
  name: 'ConsumerGroupRegularExpression',
  key: {
    groupId: string,
    regularExpression: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      topics: array(string),
      version: int64,
      timestamp: int64,
    },
  },
})
