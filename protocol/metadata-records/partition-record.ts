import { array, int8, int32, nullable, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/**
 * A partition as a whole.
 *
 * - 1: directories (KIP-858) · 2: eligible leader replicas (KIP-966)
 */
export const partitionRecord = defineRecord({
  type: 3,
  name: 'PartitionRecord',
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32.default(-1),
    topicId: uuid,
    replicas: array(int32),
    isr: array(int32),
    removingReplicas: array(int32),
    addingReplicas: array(int32),
    leader: int32.default(-1),
    leaderRecoveryState: int8.tag(0),
    leaderEpoch: int32.default(-1),
    partitionEpoch: int32.default(-1),
    directories: array(uuid).since(1),
    eligibleLeaderReplicas: nullable(array(int32)).since(2).tag(1),
    lastKnownElr: nullable(array(int32)).since(2).tag(2),
  },
})
