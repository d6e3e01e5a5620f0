import { int16, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
export const featureLevelRecord = defineRecord({
  type: 12,
  name: 'FeatureLevelRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: string,
    featureLevel: int16,
  },
})
