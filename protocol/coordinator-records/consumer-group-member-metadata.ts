import { array, bytes, int32, nullable, string, struct } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** A member of a consumer group, and what it subscribes to (KIP-848). */
export const consumerGroupMemberMetadataRecord = defineRecord({
  type: 5,
  name: 'ConsumerGroupMemberMetadata',
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
      subscribedTopicNames: array(string),
      subscribedTopicRegex: nullable(string).default(''),
      rebalanceTimeoutMs: int32.default(-1),
      serverAssignor: nullable(string).default(''),
      classicMemberMetadata: nullable(
        struct({
          sessionTimeoutMs: int32,
          supportedProtocols: array({
            name: string,
            metadata: bytes,
          }),
        }),
      )
        .tag(0)
        .default({ sessionTimeoutMs: 0, supportedProtocols: [] }),
    },
  },
})
