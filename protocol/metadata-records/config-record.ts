import { int8, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Sets one setting of a resource; null removes it. */
export const configRecord = defineRecord({
  type: 4,
  name: 'ConfigRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    resourceType: int8,
    resourceName: string,
    name: string,
    value: nullable(string).default(''),
  },
})
