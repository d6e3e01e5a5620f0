import { int32, int64 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A broker is no longer fenced: the old form of BrokerRegistrationChangeRecord. */
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
