import { int8, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Adds an access rule. */
export const accessControlEntryRecord = defineRecord({
  type: 18,
  name: 'AccessControlEntryRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  },
})
