import { int32, int64 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A broker was given a block of producer ids; the next one begins here. */
export const producerIdsRecord = defineRecord({
  type: 15,
  name: 'ProducerIdsRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32,
    brokerEpoch: int64.default(-1n),
    nextProducerId: int64,
  },
})
