import { bytes, int8, int32, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A SCRAM credential. */
export const userScramCredentialRecord = defineRecord({
  type: 11,
  name: 'UserScramCredentialRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: string,
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  },
})
