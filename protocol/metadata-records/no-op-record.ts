import { defineRecord } from './define-record.ts'

/** Nothing: the controller writes it when nothing happens, so that the log is seen to live (KIP-835). */
export const noOpRecord = defineRecord({
  type: 20,
  name: 'NoOpRecord',
  versions: '0',
  flexible: '0+',
  fields: {},
})
