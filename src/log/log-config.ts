/** What a partition's log takes from the settings of its topic. */
export interface LogConfig {
  readonly cleanupPolicy: readonly ('compact' | 'delete')[]
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly maxMessageBytes: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: bigint
  readonly messageTimestampAfterMaxMs: bigint
  readonly segmentBytes: number
  readonly segmentMs: bigint
  readonly segmentJitterMs: bigint
}
