import { nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The records since the BeginTransactionRecord do not count (KIP-868). */
export const abortTransactionRecord = defineRecord({
  type: 25,
  name: 'AbortTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    reason: nullable(string).tag(0),
  },
})
