import type { TopicConfig } from '../config/topic-config.ts'
import type { RangeOptions } from '../storage/storage.ts'

/** What a partition's log takes from the settings of its topic. */
export type LogConfig = Pick<
  TopicConfig,
  | 'compact'
  | 'delete'
  | 'compression'
  | 'timestampType'
  | 'timestampBeforeMaxMs'
  | 'timestampAfterMaxMs'
  | 'maxMessageBytes'
  | 'maxDecompressedMessageBytes'
  | 'segmentBytes'
  | 'segmentMs'
  | 'segmentJitterMs'
  | 'segmentIndexBytes'
  | 'indexIntervalBytes'
  | 'preallocate'
  | 'retentionMs'
  | 'retentionBytes'
  | 'flushMessages'
  | 'flushMs'
  | 'deleteRetentionMs'
  | 'minCompactionLagMs'
  | 'maxCompactionLagMs'
  | 'minCleanableDirtyRatio'
>

/** How the storage makes the segments of such a log. */
export function rangeOptionsOf(config: LogConfig): RangeOptions {
  const { indexIntervalBytes, segmentIndexBytes, preallocate, segmentBytes } = config
  return { indexIntervalBytes, indexBytesMax: segmentIndexBytes, preallocateBytes: preallocate ? segmentBytes : 0 }
}
