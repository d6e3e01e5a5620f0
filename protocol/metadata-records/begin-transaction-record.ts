import { nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The records that follow count together or not at all (KIP-868). */
export const beginTransactionRecord = defineRecord({
  type: 23,
  name: 'BeginTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: nullable(string).tag(0),
  },
})
