import { uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Removes an access rule. */
export const removeAccessControlEntryRecord = defineRecord({
  type: 19,
  name: 'RemoveAccessControlEntryRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid,
  },
})
