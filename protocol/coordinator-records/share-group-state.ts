import { defineRecordTopic } from './define-record.ts'
import { shareSnapshotRecord } from './share-snapshot.ts'
import { shareUpdateRecord } from './share-update.ts'

/** The records of `__share_group_state`: how far share groups got in their partitions. */
export const shareGroupStateRecords = defineRecordTopic('__share_group_state', [shareSnapshotRecord, shareUpdateRecord])
