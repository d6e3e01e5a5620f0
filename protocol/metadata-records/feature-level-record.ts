import { int16, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** The level of a feature; 0 removes it. */
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
