import { array, int8, int32, nullable, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/**
 * What changed in a partition; what is absent stays.
 *
 * - 1: directories (KIP-858) · 2: eligible leader replicas (KIP-966)
 */
export const partitionChangeRecord = defineRecord({
  type: 5,
  name: 'PartitionChangeRecord',
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32.default(-1),
    topicId: uuid,
    isr: nullable(array(int32)).tag(0),
    leader: int32.tag(1).default(-2),
    replicas: nullable(array(int32)).tag(2),
    removingReplicas: nullable(array(int32)).tag(3),
    addingReplicas: nullable(array(int32)).tag(4),
    leaderRecoveryState: int8.tag(5).default(-1),
    directories: nullable(array(uuid)).since(1).tag(8),
    eligibleLeaderReplicas: nullable(array(int32)).since(2).tag(6),
    lastKnownElr: nullable(array(int32)).since(2).tag(7),
  },
})
