import { defineRecord } from './define-record.ts'

/** The records since the BeginTransactionRecord count (KIP-868). */
export const endTransactionRecord = defineRecord({
  type: 24,
  name: 'EndTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: {},
})
