import { string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Removes a delegation token (KIP-48). */
export const removeDelegationTokenRecord = defineRecord({
  type: 26,
  name: 'RemoveDelegationTokenRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    tokenId: string,
  },
})
