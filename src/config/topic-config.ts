import { KafkaError } from '../../protocol/errors.ts'
import type { BrokerConfig } from './broker-config.ts'
import type { SettingValue } from './setting.ts'
import { type ParsedValue, parseValue } from './setting-value.ts'
import {
  brokerNames,
  droppedTopicSettings,
  isTopicSetting,
  type TopicSettingName,
  type TopicSettingValue,
  topicSettings,
} from './topic-settings.ts'

export type CompressionType = 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/**
 * The settings of a topic as the log uses them. Ages, sizes and times are numbers: -1 and Kafka's `Long.MAX_VALUE` keep
 * their meaning, the latter rounded up, so that it still is more than any of them.
 */
export interface TopicConfig {
  /** Both, one, or none: records are then kept for ever. */
  readonly compact: boolean
  readonly delete: boolean
  /** null: batches stay as the producer sent them. */
  readonly compression: { readonly type: CompressionType; readonly level: number | null } | null
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly maxMessageBytes: number
  readonly maxDecompressedMessageBytes: number
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElection: boolean
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly preallocate: boolean
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly flushMessages: number
  readonly flushMs: number
}

type Overrides = ReadonlyMap<string, string>

/** What holds for a setting of a topic: its own value, else the broker's. An override that does not parse is passed over. */
export function topicValue(name: TopicSettingName, overrides: Overrides, broker: BrokerConfig): ParsedValue {
  const own = overrides.get(name)
  if (own !== undefined) {
    try {
      return parseValue(topicSettings[name], name, own)
    } catch {
      // Checked where it was set; one that another release has written must not keep a partition closed.
    }
  }
  const brokerName = brokerNames[name]
  if (brokerName !== undefined) return broker.inFirstUnit(brokerName)
  const { defaultValue, defaultText } = topicSettings[name]
  return { value: defaultValue, text: defaultText ?? '' }
}

/** The settings of a topic with these overrides, on this broker. */
export function resolveTopicConfig(overrides: Overrides, broker: BrokerConfig): TopicConfig {
  const get = <N extends TopicSettingName>(name: N) => topicValue(name, overrides, broker).value as TopicSettingValue<N>
  const policies = get('cleanup.policy')
  return {
    compact: policies.includes('compact'),
    delete: policies.includes('delete'),
    compression: compressionOf(get('compression.type'), (codec) => get(`compression.${codec}.level`)),
    timestampType: get('message.timestamp.type') === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
    timestampBeforeMaxMs: get('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: get('message.timestamp.after.max.ms'),
    maxMessageBytes: get('max.message.bytes'),
    maxDecompressedMessageBytes: get('max.decompressed.message.bytes'),
    minInsyncReplicas: get('min.insync.replicas'),
    uncleanLeaderElection: get('unclean.leader.election.enable'),
    retentionMs: get('retention.ms'),
    retentionBytes: get('retention.bytes'),
    segmentBytes: get('internal.segment.bytes') ?? get('segment.bytes'),
    segmentMs: get('segment.ms'),
    segmentJitterMs: get('segment.jitter.ms'),
    segmentIndexBytes: get('segment.index.bytes'),
    indexIntervalBytes: get('index.interval.bytes'),
    preallocate: get('preallocate'),
    deleteRetentionMs: get('delete.retention.ms'),
    minCompactionLagMs: get('min.compaction.lag.ms'),
    maxCompactionLagMs: get('max.compaction.lag.ms'),
    minCleanableDirtyRatio: get('min.cleanable.dirty.ratio'),
    flushMessages: get('flush.messages'),
    flushMs: get('flush.ms'),
  }
}

function compressionOf(type: string, levelOf: (codec: 'gzip' | 'lz4' | 'zstd') => number): TopicConfig['compression'] {
  if (type === 'gzip' || type === 'lz4' || type === 'zstd') return { type, level: levelOf(type) }
  return type === 'uncompressed' || type === 'snappy' ? { type, level: null } : null
}

/**
 * Checks what a topic is to be set to, as Kafka does, or throws INVALID_CONFIG in its words. Returns what is to be kept:
 * settings that only older releases know are dropped.
 */
export function checkTopicOverrides(overrides: ReadonlyMap<string, string | null>, broker: BrokerConfig): Map<string, string> {
  const nulls = [...overrides].filter(([, value]) => value === null).map(([name]) => name)
  if (nulls.length > 0) {
    throw new KafkaError('INVALID_CONFIG', `Null value not supported for topic configs: ${nulls.join(',')}`)
  }
  const kept = new Map<string, string>()
  for (const [name, value] of overrides) {
    if (droppedTopicSettings.has(name)) continue
    if (!isTopicSetting(name)) throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${name}`)
    kept.set(name, value as string)
  }
  for (const [name, text] of kept) parseValue(topicSettings[name as TopicSettingName], name, text)
  const value = (name: TopicSettingName): SettingValue => topicValue(name, kept, broker).value
  const [least, most] = [Number(value('min.compaction.lag.ms')), Number(value('max.compaction.lag.ms'))]
  if (least > most) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`,
    )
  }
  if (value('remote.storage.enable') === true) {
    throw new KafkaError(
      'INVALID_CONFIG',
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    )
  }
  return kept
}
