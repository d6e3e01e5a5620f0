import { array, int32, nullable, string, struct, uint16 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const endpoint = {
  host: string,
  port: uint16,
}

const keyValue = {
  key: string,
  value: string,
}

/** A member of a streams group: its process, endpoint and tags (KIP-1071). */
export const streamsGroupMemberMetadataRecord = defineRecord({
  type: 19,
  name: 'StreamsGroupMemberMetadata',
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      instanceId: nullable(string).default(''),
      rackId: nullable(string).default(''),
      clientId: string,
      clientHost: string,
      rebalanceTimeoutMs: int32.default(-1),
      topologyEpoch: int32,
      processId: string,
      userEndpoint: nullable(struct(endpoint)).default(null),
      clientTags: array(keyValue),
    },
  },
})
