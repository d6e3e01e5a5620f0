import { defineRecord } from './define-record.ts'

/** TODO */
export const noOpRecord = defineRecord({
  type: 20,
  name: 'NoOpRecord',
  versions: '0',
  flexible: '0+',
  fields: {},
})
