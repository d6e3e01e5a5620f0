import { array, bool, float64, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Sets or removes one quota of an entity. */
export const clientQuotaRecord = defineRecord({
  type: 14,
  name: 'ClientQuotaRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    entity: array({
      entityType: string,
      entityName: nullable(string).default(''),
    }),
    key: string,
    value: float64,
    remove: bool,
  },
})
