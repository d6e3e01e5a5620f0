import { accepted, longMax, used } from '../setting.ts'

/** Where records lie and for how long: most of these are the defaults of topics. */
export const logSettings = {
  'log.dir': used.list(['./grete-data'], 'The directory of the data.', { notEmpty: true, importance: 'high' }),
  'log.dirs': used.list(null, 'The directories of the data, over log.dir. A new partition goes to the one with the fewest.', {
    notEmpty: true,
    importance: 'high',
  }),
  'cordoned.log.dirs': accepted.list([], 'Data directories that take no new partitions.', { update: 'per-broker' }),
  'log.segment.bytes': used.int(1073741824, 'The bytes at which a new log segment is begun.', {
    min: 1048576,
    importance: 'high',
    update: 'cluster-wide',
  }),
  'log.roll.ms': used.long(null, 'The age in milliseconds at which a new log segment is begun.', {
    importance: 'high',
    update: 'cluster-wide',
  }),
  'log.roll.hours': used.int(168, 'The age in hours at which a new log segment is begun, where log.roll.ms is unset.', {
    min: 1,
    importance: 'high',
  }),
  'log.roll.jitter.ms': used.long(null, 'Up to this many milliseconds are taken off log.roll.ms at random.', {
    importance: 'high',
    update: 'cluster-wide',
  }),
  'log.roll.jitter.hours': used.int(
    0,
    'Up to this many hours are taken off the age of a roll at random, where log.roll.jitter.ms is unset.',
    { min: 0, importance: 'high' },
  ),
  'log.retention.ms': used.long(null, 'The age in milliseconds after which segments go; -1 is never.', {
    importance: 'high',
    update: 'cluster-wide',
  }),
  'log.retention.minutes': used.int(null, 'The age in minutes after which segments go, where log.retention.ms is unset.', {
    importance: 'high',
  }),
  'log.retention.hours': used.int(168, 'The age in hours after which segments go, where the other two are unset.', {
    importance: 'high',
  }),
  'log.retention.bytes': used.long(-1, 'The bytes of a partition above which old segments go; -1 is no limit.', {
    importance: 'high',
    update: 'cluster-wide',
  }),
  'log.retention.check.interval.ms': used.long(300000, 'The milliseconds between two looks for segments to delete.', { min: 1 }),
  'log.cleanup.policy': used.list(['delete'], 'How old data goes: delete, compact, both, or empty to keep it.', {
    oneOf: ['compact', 'delete'],
    update: 'cluster-wide',
  }),
  'log.index.size.max.bytes': used.int(10485760, 'The bytes of an offset index; a full one begins a new segment.', {
    min: 4,
    update: 'cluster-wide',
  }),
  'log.index.interval.bytes': used.int(4096, 'The bytes of records between two entries of the offset index.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.flush.interval.messages': used.long(
    longMax,
    'The records after which a partition is synced. Acts only with durability=page-cache.',
    { min: 1, importance: 'high', update: 'cluster-wide' },
  ),
  'log.flush.interval.ms': used.long(
    null,
    'The milliseconds after which a partition is synced. Acts only with durability=page-cache.',
    { importance: 'high', update: 'cluster-wide' },
  ),
  'log.flush.scheduler.interval.ms': used.long(
    longMax,
    'The milliseconds between two looks for partitions to sync. Acts only with durability=page-cache.',
    { importance: 'high' },
  ),
  'log.flush.offset.checkpoint.interval.ms': used.int(60000, 'The milliseconds between two writes of the recovery point.', {
    min: 0,
    importance: 'high',
  }),
  'log.flush.start.offset.checkpoint.interval.ms': accepted.int(
    60000,
    'The milliseconds between two writes of the log start offsets.',
    { min: 0, importance: 'high' },
  ),
  'log.segment.delete.delay.ms': accepted.long(
    60000,
    'The milliseconds between marking a segment deleted and removing its files.',
    {
      min: 0,
      importance: 'high',
      update: 'cluster-wide',
    },
  ),
  'log.preallocate': used.boolean(false, 'Whether the file of a new segment is allocated at its full size.', {
    update: 'cluster-wide',
  }),
  'log.message.timestamp.type': used.string(
    'CreateTime',
    "CreateTime keeps the producer's timestamp, LogAppendTime stamps records at append.",
    { oneOf: ['CreateTime', 'LogAppendTime'], update: 'cluster-wide' },
  ),
  'log.message.timestamp.before.max.ms': used.long(
    longMax,
    "The milliseconds that a CreateTime may lie before the broker's clock.",
    { min: 0, update: 'cluster-wide' },
  ),
  'log.message.timestamp.after.max.ms': used.long(
    3600000,
    "The milliseconds that a CreateTime may lie ahead of the broker's clock.",
    { min: 0, update: 'cluster-wide' },
  ),
  'log.dir.failure.timeout.ms': accepted.long(30000, 'The milliseconds that a failed data directory may stay unreported.', {
    min: 1,
    importance: 'low',
  }),
  'log.initial.task.delay.ms': used.long(30000, 'The milliseconds between the start and the first background work on logs.', {
    min: 0,
    importance: 'low',
    internal: true,
  }),
  'message.max.bytes': used.int(1048588, 'The bytes of the largest record batch, as stored.', {
    min: 0,
    importance: 'high',
    update: 'cluster-wide',
  }),
  'max.decompressed.message.bytes': used.int(2147483639, 'The bytes of the largest record batch when unpacked.', {
    min: 1,
    max: 2147483639,
    update: 'cluster-wide',
  }),
  'compression.type': used.string('producer', 'The codec in which batches are stored; producer leaves them as sent.', {
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    importance: 'high',
    update: 'cluster-wide',
  }),
  'compression.gzip.level': used.int(-1, "The gzip level where the broker compresses; -1 is gzip's own default.", {
    min: 1,
    max: 9,
    also: -1,
    update: 'cluster-wide',
  }),
  'compression.lz4.level': used.int(9, 'The lz4 level where the broker compresses.', { min: 1, max: 17, update: 'cluster-wide' }),
  'compression.zstd.level': used.int(3, 'The zstd level where the broker compresses.', {
    min: -131072,
    max: 22,
    update: 'cluster-wide',
  }),
  'num.recovery.threads.per.data.dir': accepted.int(2, 'Threads that recover logs at a start.', {
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
  }),
  'log.cleaner.enable': used.boolean(true, 'Whether compacted topics are compacted.'),
  'log.cleaner.threads': used.int(
    1,
    'Threads that compact; one partition is compacted at a time whatever the number, and none with 0.',
    { min: 0, update: 'cluster-wide' },
  ),
  'log.cleaner.dedupe.buffer.size': used.long(134217728, 'The bytes that compaction may use to remember keys.', {
    update: 'cluster-wide',
  }),
  'log.cleaner.io.buffer.size': used.int(524288, 'The bytes that compaction may use to read and write.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.cleaner.io.buffer.load.factor': used.double(0.9, 'How full the memory for keys may become, 0 to 1.', {
    update: 'cluster-wide',
  }),
  'log.cleaner.io.max.bytes.per.second': used.double(
    Number.MAX_VALUE,
    'The bytes in a second that compaction may read and write.',
    { update: 'cluster-wide' },
  ),
  'log.cleaner.backoff.ms': used.long(15000, 'The milliseconds that compaction sleeps when nothing is to be done.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.cleaner.min.cleanable.ratio': used.double(0.5, 'The share of uncompacted bytes at which a log is compacted, 0 to 1.', {
    min: 0,
    max: 1,
    update: 'cluster-wide',
  }),
  'log.cleaner.delete.retention.ms': used.long(
    86400000,
    'The milliseconds that tombstones and markers stay after a compaction.',
    { min: 0, update: 'cluster-wide' },
  ),
  'log.cleaner.min.compaction.lag.ms': used.long(0, 'The milliseconds that a record stays uncompacted at least.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.cleaner.max.compaction.lag.ms': used.long(longMax, 'The milliseconds after which a record must become compactable.', {
    min: 1,
    update: 'cluster-wide',
  }),
}
