import { int32, int64 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Forgets a broker. */
export const unregisterBrokerRecord = defineRecord({
  type: 1,
  name: 'UnregisterBrokerRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32,
    brokerEpoch: int64,
  },
})
