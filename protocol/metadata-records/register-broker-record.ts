import { array, bool, int16, int32, int64, nullable, string, uint16, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/**
 * A broker with its endpoints and features.
 *
 * - 1: shutting down (KIP-841) · 2: in migration from ZooKeeper (KIP-866) · 3: log directories (KIP-858)
 * - 4: cordoned ones (KIP-1066)
 */
export const registerBrokerRecord = defineRecord({
  type: 0,
  name: 'RegisterBrokerRecord',
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: int32,
    isMigratingZkBroker: bool.since(2),
    incarnationId: uuid,
    brokerEpoch: int64,
    endPoints: array({
      name: string,
      host: string,
      port: uint16,
      securityProtocol: int16,
    }),
    features: array({
      name: string,
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
    rack: nullable(string).default(''),
    fenced: bool.default(true),
    inControlledShutdown: bool.since(1),
    logDirs: array(uuid).since(3).tag(0),
    cordonedLogDirs: nullable(array(uuid)).since(4).tag(1),
  },
})
