import { array, int8, int32, int64, nullable, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/**
 * A change to a broker's registration.
 *
 * - 1: shutting down (KIP-841) · 2: log directories (KIP-858) · 3: cordoned ones (KIP-1066)
 */
export const brokerRegistrationChangeRecord = defineRecord({
  type: 17,
  name: 'BrokerRegistrationChangeRecord',
  versions: '0-3',
  flexible: '0+',
  fields: {
    brokerId: int32,
    brokerEpoch: int64,
    fenced: int8.tag(0),
    inControlledShutdown: int8.since(1).tag(1),
    logDirs: array(uuid).since(2).tag(2),
    cordonedLogDirs: nullable(array(uuid)).since(3).tag(3),
  },
})
