import type { BrokerConfig } from '../../config/broker-config.ts'

/** The broker's settings for compaction. */
export interface CleanerSettings {
  readonly isEnabled: boolean
  readonly dedupeBufferBytes: number
  readonly dedupeBufferLoadFactor: number
  readonly ioBufferBytes: number
  readonly ioBytesPerSecondMax: number
  readonly backoffMs: number
}

export function cleanerSettingsOf(config: BrokerConfig): CleanerSettings {
  return {
    // Kafka without threads for it compacts nothing.
    isEnabled: config.get('log.cleaner.enable') && config.get('log.cleaner.threads') > 0,
    dedupeBufferBytes: config.get('log.cleaner.dedupe.buffer.size'),
    dedupeBufferLoadFactor: config.get('log.cleaner.io.buffer.load.factor'),
    ioBufferBytes: config.get('log.cleaner.io.buffer.size'),
    ioBytesPerSecondMax: config.get('log.cleaner.io.max.bytes.per.second'),
    backoffMs: config.get('log.cleaner.backoff.ms'),
  }
}
