import type { TopicConfig } from '../config/topic-config.ts'

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
  | 'deleteRetentionMs'
  | 'minCompactionLagMs'
  | 'maxCompactionLagMs'
  | 'minCleanableDirtyRatio'
>
