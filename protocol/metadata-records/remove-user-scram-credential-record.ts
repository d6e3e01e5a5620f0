import { int8, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Removes a SCRAM credential. */
export const removeUserScramCredentialRecord = defineRecord({
  type: 22,
  name: 'RemoveUserScramCredentialRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    name: string,
    mechanism: int8,
  },
})
