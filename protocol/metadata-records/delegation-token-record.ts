import { array, int64, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A delegation token (KIP-48). */
export const delegationTokenRecord = defineRecord({
  type: 10,
  name: 'DelegationTokenRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int64,
    maxTimestamp: int64,
    expirationTimestamp: int64,
    tokenId: string,
  },
})
