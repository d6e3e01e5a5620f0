import { defineRecord } from './define-record.ts'

/** TODO */
export const endTransactionRecord = defineRecord({
  type: 24,
  name: 'EndTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: {},
})
