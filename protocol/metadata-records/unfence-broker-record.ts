import { int32, int64 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** TODO */
export const unfenceBrokerRecord = defineRecord({
  type: 8,
  name: 'UnfenceBrokerRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32,
    epoch: int64,
  },
})
