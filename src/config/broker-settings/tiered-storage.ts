import { accepted, longMax, refused } from '../setting.ts'
import * as refusals from './refusals.ts'

/** Tiered storage. */
export const tieredStorageSettings = {
  'remote.log.storage.system.enable': refused.boolean(false, 'Whether old segments move to remote storage.', {
    refuse: refusals.tieredStorage,
  }),
  'log.local.retention.ms': accepted.long(
    -2,
    "The age in milliseconds after which a tiered topic's local segments go; -2 is that of its retention.",
    { min: -2, update: 'cluster-wide' },
  ),
  'log.local.retention.bytes': accepted.long(
    -2,
    "The bytes above which a tiered topic's local segments go; -2 is those of its retention.",
    { min: -2, update: 'cluster-wide' },
  ),
  'log.remote.copy.lag.ms': accepted.long(0, 'The age in milliseconds at which a segment of a tiered topic is uploaded.', {
    min: -1,
    update: 'cluster-wide',
  }),
  'log.remote.copy.lag.bytes': accepted.long(-1, "The bytes by which a tiered topic's uploads may lag.", {
    min: -1,
    update: 'cluster-wide',
  }),
  'remote.fetch.max.wait.ms': accepted.int(500, 'The milliseconds that a Fetch waits for remote storage.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'remote.list.offsets.request.timeout.ms': accepted.long(30000, 'The milliseconds that ListOffsets waits for remote storage.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'remote.log.index.file.cache.total.size.bytes': accepted.long(1073741824, 'The bytes of remote index files that are kept.', {
    min: 1,
    importance: 'low',
    update: 'cluster-wide',
  }),
  'remote.log.index.file.cache.ttl.ms': accepted.long(900000, 'The milliseconds that an unused remote index file is kept.', {
    min: -1,
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.copier.thread.pool.size': accepted.int(10, 'Threads that upload segments.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'remote.log.manager.copy.max.bytes.per.second': accepted.long(longMax, 'The bytes in a second that are uploaded.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'remote.log.manager.copy.quota.window.num': accepted.int(11, 'The samples that the upload quota remembers.', { min: 1 }),
  'remote.log.manager.copy.quota.window.size.seconds': accepted.int(1, 'The seconds of one sample of the upload quota.', {
    min: 1,
  }),
  'remote.log.manager.expiration.thread.pool.size': accepted.int(10, 'Threads that delete remote segments.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'remote.log.manager.fetch.max.bytes.per.second': accepted.long(
    longMax,
    'The bytes in a second that are fetched from remote storage.',
    { min: 1, update: 'cluster-wide' },
  ),
  'remote.log.manager.fetch.quota.window.num': accepted.int(11, 'The samples that the remote fetch quota remembers.', { min: 1 }),
  'remote.log.manager.fetch.quota.window.size.seconds': accepted.int(1, 'The seconds of one sample of the remote fetch quota.', {
    min: 1,
  }),
  'remote.log.manager.follower.thread.pool.size': accepted.int(2, 'Threads that follow remote segments.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'remote.log.manager.task.interval.ms': accepted.long(30000, 'The milliseconds between two rounds of uploads and deletions.', {
    min: 1,
    importance: 'low',
  }),
  'remote.log.manager.task.retry.backoff.max.ms': accepted.long(
    30000,
    'The longest wait, in milliseconds, after failed rounds.',
    { min: 1, importance: 'low', internal: true },
  ),
  'remote.log.manager.task.retry.backoff.ms': accepted.long(500, 'The first wait, in milliseconds, after a failed round.', {
    min: 1,
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.task.retry.jitter': accepted.double(0.2, 'The random share of that wait.', {
    min: 0,
    max: 0.5,
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.thread.pool.size': accepted.int(2, 'Threads that schedule uploads and deletions.', { min: 1 }),
  'remote.log.metadata.custom.metadata.max.bytes': accepted.int(128, 'The bytes that a plugin may store with a remote segment.', {
    min: 0,
    importance: 'low',
  }),
  'remote.log.metadata.manager.class.name': accepted.string(
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    'The class that knows the remote segments.',
    { notEmpty: true },
  ),
  'remote.log.metadata.manager.class.path': accepted.string(null, 'Where that class is loaded from.'),
  'remote.log.metadata.manager.impl.prefix': accepted.string('rlmm.config.', "The prefix of that class's own settings.", {
    notEmpty: true,
  }),
  'remote.log.metadata.manager.listener.name': accepted.string(null, 'The listener by which that class reaches the broker.', {
    notEmpty: true,
  }),
  'remote.log.reader.max.pending.tasks': accepted.int(100, 'The reads of remote storage that may wait.', { min: 1 }),
  'remote.log.reader.threads': accepted.int(10, 'Threads that read remote storage.', { min: 1, update: 'cluster-wide' }),
  'remote.log.storage.manager.class.name': accepted.string(null, 'The class that stores remote segments.', { notEmpty: true }),
  'remote.log.storage.manager.class.path': accepted.string(null, 'Where that class is loaded from.'),
  'remote.log.storage.manager.impl.prefix': accepted.string('rsm.config.', "The prefix of that class's own settings.", {
    notEmpty: true,
  }),
}
