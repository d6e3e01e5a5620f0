import { int8, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
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
