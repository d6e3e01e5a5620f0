import { accepted, used } from '../setting.ts'

/** Share groups (KIP-932) and the topic that remembers them. */
export const shareGroupSettings = {
  'group.share.session.timeout.ms': used.int(45000, 'The milliseconds of silence after which a share member is removed.', {
    min: 1,
  }),
  'group.share.min.session.timeout.ms': used.int(45000, 'The least that a group may set for share.session.timeout.ms.', {
    min: 1,
  }),
  'group.share.max.session.timeout.ms': used.int(60000, 'The most that a group may set for share.session.timeout.ms.', {
    min: 1,
  }),
  'group.share.heartbeat.interval.ms': used.int(5000, 'The milliseconds between two heartbeats that share members are told.', {
    min: 1,
  }),
  'group.share.min.heartbeat.interval.ms': used.int(5000, 'The least that a group may set for share.heartbeat.interval.ms.', {
    min: 1,
  }),
  'group.share.max.heartbeat.interval.ms': used.int(15000, 'The most that a group may set for share.heartbeat.interval.ms.', {
    min: 1,
  }),
  'group.share.assignment.interval.ms': used.int(
    1000,
    'The least milliseconds between two target assignments of a share group.',
    { min: 0, update: 'cluster-wide' },
  ),
  'group.share.min.assignment.interval.ms': used.int(0, 'The least that a group may set for share.assignment.interval.ms.', {
    min: 0,
  }),
  'group.share.max.assignment.interval.ms': used.int(15000, 'The most that a group may set for share.assignment.interval.ms.', {
    min: 0,
  }),
  'group.share.assignor.offload.enable': accepted.boolean(
    true,
    "Whether share assignments are computed off the coordinator's thread.",
    { internal: true, update: 'cluster-wide' },
  ),
  'group.share.assignors': used.list(['simple'], 'The assignor of share groups.', { notEmpty: true }),
  'group.share.max.size': used.int(200, 'The members of a share group.', { min: 1, max: 1000 }),
  'group.share.delivery.count.limit': used.int(5, 'The deliveries after which a record is archived.', { min: 2, max: 10 }),
  'group.share.min.delivery.count.limit': used.int(2, 'The least that a group may set for share.delivery.count.limit.', {
    min: 2,
    max: 5,
  }),
  'group.share.max.delivery.count.limit': used.int(10, 'The most that a group may set for share.delivery.count.limit.', {
    min: 5,
    max: 25,
  }),
  'group.share.record.lock.duration.ms': used.int(30000, 'The milliseconds for which a delivered record is locked.', {
    min: 1000,
    max: 3600000,
  }),
  'group.share.min.record.lock.duration.ms': used.int(
    15000,
    'The least that a group may set for share.record.lock.duration.ms.',
    { min: 1000, max: 30000 },
  ),
  'group.share.max.record.lock.duration.ms': used.int(60000, 'The most that a group may set for share.record.lock.duration.ms.', {
    min: 30000,
    max: 3600000,
  }),
  'group.share.partition.max.record.locks': used.int(2000, 'The records in flight of a share partition.', {
    min: 100,
    max: 10000,
  }),
  'group.share.min.partition.max.record.locks': used.int(
    100,
    'The least that a group may set for share.partition.max.record.locks.',
    { min: 100, max: 2000 },
  ),
  'group.share.max.partition.max.record.locks': used.int(
    4000,
    'The most that a group may set for share.partition.max.record.locks.',
    { min: 2000, max: 10000 },
  ),
  'group.share.max.share.sessions': used.int(2000, 'The share sessions of this node.', { min: 1 }),
  'group.share.initialize.retry.interval.ms': accepted.int(
    30000,
    'The milliseconds between two tries to initialise a share partition.',
    { min: 1, importance: 'low', internal: true },
  ),
  'group.share.persister.class.name': accepted.string(
    'org.apache.kafka.server.share.persister.DefaultStatePersister',
    'The class that stores the state of share groups.',
    { internal: true },
  ),
  'group.share.dlq.manager.class.name': accepted.string(
    'org.apache.kafka.server.share.dlq.DefaultShareGroupDLQManager',
    'The class that writes dead letters of share groups.',
    { internal: true },
  ),
  'errors.deadletterqueue.auto.create.topics.enable': used.boolean(
    false,
    'Whether the dead letter topic of a share group is created by itself.',
    { update: 'cluster-wide' },
  ),
  'errors.deadletterqueue.topic.name.prefix': used.string(
    'dlq.',
    'What the name of a dead letter topic that is created by itself must begin with.',
    { update: 'cluster-wide' },
  ),
  'share.fetch.purgatory.purge.interval.requests': accepted.int(
    1000,
    'Waiting share fetches between two purges of completed ones.',
  ),
  'share.coordinator.append.linger.ms': accepted.int(
    -1,
    'The milliseconds that the share coordinator gathers records for one batch; -1 adapts.',
    { min: -1 },
  ),
  'share.coordinator.cached.buffer.max.bytes': accepted.int(
    1048588,
    'The bytes of a write buffer that the share coordinator keeps.',
    { min: 524288, update: 'cluster-wide' },
  ),
  'share.coordinator.cold.partition.snapshot.interval.ms': used.int(
    300000,
    'The milliseconds after which a quiet share partition is written as a snapshot.',
    { min: 1, importance: 'low', internal: true },
  ),
  'share.coordinator.load.buffer.size': accepted.int(5242880, 'The bytes read at once when share state is loaded.', {
    min: 1,
    importance: 'high',
  }),
  'share.coordinator.snapshot.update.records.per.snapshot': used.int(
    500,
    'The updates between two snapshots of a share partition.',
    { min: 0, max: 500 },
  ),
  'share.coordinator.state.topic.compression.codec': accepted.int(0, 'The codec number of the records in __share_group_state.', {
    importance: 'high',
  }),
  'share.coordinator.state.topic.min.isr': used.short(2, 'The min.insync.replicas of __share_group_state.', {
    min: 1,
    importance: 'high',
  }),
  'share.coordinator.state.topic.num.partitions': used.int(
    50,
    'The partitions of __share_group_state, fixed when it is created.',
    { min: 1, importance: 'high' },
  ),
  'share.coordinator.state.topic.prune.interval.ms': used.int(
    300000,
    'The milliseconds between two deletions of old records in __share_group_state.',
    { min: 1, importance: 'low', internal: true },
  ),
  'share.coordinator.state.topic.replication.factor': used.short(
    3,
    'The replicas of __share_group_state, at most the nodes that exist.',
    { min: 1, importance: 'high' },
  ),
  'share.coordinator.state.topic.segment.bytes': used.int(104857600, 'The bytes of a segment of __share_group_state.', {
    min: 1,
    importance: 'high',
  }),
  'share.coordinator.threads': accepted.int(1, 'Threads of the share coordinator.', { min: 1 }),
  'share.coordinator.write.timeout.ms': used.int(5000, 'The milliseconds that the share coordinator may wait for its records.', {
    min: 1,
    importance: 'high',
  }),
}
