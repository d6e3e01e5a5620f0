import { int32, int64 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A broker is fenced: the old form of BrokerRegistrationChangeRecord. */
export const fenceBrokerRecord = defineRecord({
  type: 7,
  name: 'FenceBrokerRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32,
    epoch: int64,
  },
})
