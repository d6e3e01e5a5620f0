import { nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
export const beginTransactionRecord = defineRecord({
  type: 23,
  name: 'BeginTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: nullable(string).tag(0),
  },
})
