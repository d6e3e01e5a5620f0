import { array, int8, int16, int32, int64, string, uuid } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** What changed in a share group's partition since its snapshot (KIP-932). */
export const shareUpdateRecord = defineRecord({
  type: 1,
  name: 'ShareUpdate',
  key: {
    groupId: string,
    topicId: uuid,
    partition: int32,
  },
  value: {
    versions: '0',
    flexible: '0+',
    fields: {
      snapshotEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64,
      deliveryCompleteCount: int32.tag(0).default(-1),
      stateBatches: array({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  },
})
