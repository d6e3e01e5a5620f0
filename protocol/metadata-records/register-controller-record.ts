import { array, bool, int16, int32, string, uint16, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A controller with its endpoints and features (KIP-919). */
export const registerControllerRecord = defineRecord({
  type: 27,
  name: 'RegisterControllerRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
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
  },
})
