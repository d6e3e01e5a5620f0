import { array, bytes, int32, int64, nullable, string } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

const memberMetadata = {
  memberId: string,
  groupInstanceId: nullable(string).since(3),
  clientId: string,
  clientHost: string,
  rebalanceTimeout: int32.since(1).default(-1),
  sessionTimeout: int32,
  subscription: bytes,
  assignment: bytes,
}

/**
 * A classic group with its members and their assignments.
 *
 * - 1: rebalance timeout · 2: when the state changed last (KIP-211) · 3: static membership (KIP-345) · 4: flexible (KIP-915)
 */
export const groupMetadataRecord = defineRecord({
  type: 2,
  name: 'GroupMetadata',
  key: {
    group: string,
  },
  value: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      protocolType: string,
      generation: int32,
      protocol: nullable(string).default(''),
      leader: nullable(string).default(''),
      currentStateTimestamp: int64.since(2).default(-1n),
      members: array(memberMetadata),
    },
  },
})
