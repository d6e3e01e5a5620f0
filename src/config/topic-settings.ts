import type { BrokerSettingName } from './broker-settings.ts'
import { accepted, type Constraints, longMax, type Setting, used } from './setting.ts'

const throttledReplicas: Constraints['rule'] = {
  accepts: '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
  check: (value, name) =>
    Array.isArray(value) && (value.join() === '*' || value.every((replica) => /^[0-9]+:[0-9]+$/.test(replica)))
      ? null
      : `${name} must be the literal '*' or a list of replicas in the following format: ` +
        '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
}

/** The settings of a topic. */
export const topicSettings = {
  'cleanup.policy': used.list(
    ['delete'],
    'How old records go: delete by age and size, compact by key, both, or empty to keep all.',
    { oneOf: ['compact', 'delete'] },
  ),
  'compression.type': used.string('producer', 'The codec in which batches are stored; producer leaves them as sent.', {
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  }),
  'compression.gzip.level': used.int(-1, "The gzip level where the broker compresses; -1 is gzip's own default.", {
    min: 1,
    max: 9,
    also: -1,
  }),
  'compression.lz4.level': used.int(9, 'The lz4 level where the broker compresses.', { min: 1, max: 17 }),
  'compression.zstd.level': used.int(3, 'The zstd level where the broker compresses.', { min: -131072, max: 22 }),
  'delete.retention.ms': used.long(86400000, 'The milliseconds that tombstones and markers stay after a compaction.', { min: 0 }),
  'errors.deadletterqueue.group.enable': used.boolean(false, 'Whether share groups may write their dead letters to this topic.'),
  'file.delete.delay.ms': accepted.long(60000, 'The milliseconds between marking a segment deleted and removing its files.', {
    min: 0,
  }),
  'flush.messages': used.long(longMax, 'The records after which a partition is synced. Acts only with durability=page-cache.', {
    min: 1,
  }),
  'flush.ms': used.long(longMax, 'The milliseconds after which a partition is synced. Acts only with durability=page-cache.', {
    min: 0,
  }),
  'follower.replication.throttled.replicas': accepted.list(
    [],
    'The follower replicas to which the replication throttle applies, as partition:node, or *.',
    { rule: throttledReplicas },
  ),
  'index.interval.bytes': used.int(4096, 'The bytes of records between two entries of the offset index.', { min: 0 }),
  'internal.segment.bytes': used.int(
    null,
    'The bytes at which a new segment is begun, over segment.bytes, without its lower limit: for tests.',
    { internal: true },
  ),
  'leader.replication.throttled.replicas': accepted.list(
    [],
    'The leader replicas to which the replication throttle applies, as partition:node, or *.',
    { rule: throttledReplicas },
  ),
  'local.retention.bytes': accepted.long(-2, "The bytes above which a tiered topic's local segments go; -2 is retention.bytes.", {
    min: -2,
  }),
  'local.retention.ms': accepted.long(
    -2,
    "The age in milliseconds after which a tiered topic's local segments go; -2 is retention.ms.",
    { min: -2 },
  ),
  'max.compaction.lag.ms': used.long(longMax, 'The milliseconds after which a record must become compactable.', { min: 1 }),
  'max.decompressed.message.bytes': used.int(2147483639, 'The bytes of the largest record batch when unpacked.', {
    min: 1,
    max: 2147483639,
  }),
  'max.message.bytes': used.int(1048588, 'The bytes of the largest record batch, as stored.', { min: 0 }),
  'message.timestamp.after.max.ms': used.long(
    3600000,
    "The milliseconds that a CreateTime may lie ahead of the broker's clock.",
    { min: 0 },
  ),
  'message.timestamp.before.max.ms': used.long(longMax, "The milliseconds that a CreateTime may lie before the broker's clock.", {
    min: 0,
  }),
  'message.timestamp.type': used.string(
    'CreateTime',
    "CreateTime keeps the producer's timestamp, LogAppendTime stamps records at append.",
    { oneOf: ['CreateTime', 'LogAppendTime'] },
  ),
  'min.cleanable.dirty.ratio': used.double(0.5, 'The share of uncompacted bytes at which a partition is compacted, 0 to 1.', {
    min: 0,
    max: 1,
  }),
  'min.compaction.lag.ms': used.long(0, 'The milliseconds that a record stays uncompacted at least.', { min: 0 }),
  'min.insync.replicas': used.int(1, 'The in-sync replicas that acks=all asks for, at most those that the partition has.', {
    min: 1,
  }),
  preallocate: used.boolean(false, 'Whether the file of a new segment is allocated at its full size.'),
  'remote.copy.lag.bytes': accepted.long(-1, "The bytes by which a tiered topic's uploads may lag.", { min: -1 }),
  'remote.copy.lag.ms': accepted.long(0, 'The age in milliseconds at which a segment of a tiered topic is uploaded.', {
    min: -1,
  }),
  'remote.log.copy.disable': accepted.boolean(false, 'Whether a tiered topic uploads no more.'),
  'remote.log.delete.on.disable': accepted.boolean(
    false,
    'Whether remote segments go when remote.storage.enable is switched off.',
  ),
  'remote.storage.enable': accepted.boolean(false, 'Whether old segments of the topic move to remote storage.'),
  'retention.bytes': used.long(-1, 'The bytes of a partition above which old segments go; -1 is no limit.'),
  'retention.ms': used.long(604800000, 'The age in milliseconds after which segments go; -1 is never.', { min: -1 }),
  'segment.bytes': used.int(1073741824, 'The bytes at which a new segment is begun.', { min: 1048576 }),
  'segment.index.bytes': used.int(10485760, 'The bytes of an offset index; a full one begins a new segment.', { min: 4 }),
  'segment.jitter.ms': used.long(0, 'Up to this many milliseconds are taken off segment.ms at random.', { min: 0 }),
  'segment.ms': used.long(604800000, 'The age in milliseconds at which a new segment is begun.', { min: 1 }),
  'unclean.leader.election.enable': used.boolean(
    false,
    'Whether a replica outside the ISR may lead, at the price of lost records.',
  ),
}

export type TopicSettingName = keyof typeof topicSettings
export type TopicSettingValue<N extends TopicSettingName> = (typeof topicSettings)[N] extends Setting<infer V> ? V : never

export function isTopicSetting(name: string): name is TopicSettingName {
  return Object.hasOwn(topicSettings, name)
}

/** The broker setting from which a topic has its value where it does not set it: of several units the first. */
export const brokerNames: Partial<Record<TopicSettingName, BrokerSettingName>> = {
  'cleanup.policy': 'log.cleanup.policy',
  'compression.gzip.level': 'compression.gzip.level',
  'compression.lz4.level': 'compression.lz4.level',
  'compression.type': 'compression.type',
  'compression.zstd.level': 'compression.zstd.level',
  'delete.retention.ms': 'log.cleaner.delete.retention.ms',
  'file.delete.delay.ms': 'log.segment.delete.delay.ms',
  'flush.messages': 'log.flush.interval.messages',
  'flush.ms': 'log.flush.interval.ms',
  'index.interval.bytes': 'log.index.interval.bytes',
  'local.retention.bytes': 'log.local.retention.bytes',
  'local.retention.ms': 'log.local.retention.ms',
  'max.compaction.lag.ms': 'log.cleaner.max.compaction.lag.ms',
  'max.decompressed.message.bytes': 'max.decompressed.message.bytes',
  'max.message.bytes': 'message.max.bytes',
  'message.timestamp.after.max.ms': 'log.message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms': 'log.message.timestamp.before.max.ms',
  'message.timestamp.type': 'log.message.timestamp.type',
  'min.cleanable.dirty.ratio': 'log.cleaner.min.cleanable.ratio',
  'min.compaction.lag.ms': 'log.cleaner.min.compaction.lag.ms',
  'min.insync.replicas': 'min.insync.replicas',
  preallocate: 'log.preallocate',
  'remote.copy.lag.bytes': 'log.remote.copy.lag.bytes',
  'remote.copy.lag.ms': 'log.remote.copy.lag.ms',
  'retention.bytes': 'log.retention.bytes',
  'retention.ms': 'log.retention.ms',
  'segment.bytes': 'log.segment.bytes',
  'segment.index.bytes': 'log.index.size.max.bytes',
  'segment.jitter.ms': 'log.roll.jitter.ms',
  'segment.ms': 'log.roll.ms',
  'unclean.leader.election.enable': 'unclean.leader.election.enable',
}

/**
 * Topic settings that Kafka 4 no longer knows and that old tools still send. They meant how old clients are served, which
 * Grete does anyway, so they are taken and dropped.
 */
export const droppedTopicSettings: ReadonlySet<string> = new Set(['message.downconversion.enable', 'message.format.version'])
