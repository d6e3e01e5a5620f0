import { array, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A member of a share group, and what it subscribes to (KIP-932). */
export const shareGroupMemberMetadataRecord = defineRecord({
  type: 10,
  name: 'ShareGroupMemberMetadata',
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      rackId: nullable(string).default(''),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
    },
  },
})
