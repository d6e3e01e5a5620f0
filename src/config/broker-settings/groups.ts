import { accepted, used } from '../setting.ts'

/** Classic, consumer and streams groups, and the topic that remembers them. */
export const groupSettings = {
  'group.min.session.timeout.ms': used.int(
    6000,
    'The shortest session timeout that a classic member may ask for, in milliseconds.',
  ),
  'group.max.session.timeout.ms': used.int(
    1800000,
    'The longest session timeout that a classic member may ask for, in milliseconds.',
  ),
  'group.initial.rebalance.delay.ms': used.int(
    0,
    'The milliseconds that the first rebalance of an empty classic group waits for more members.',
  ),
  'group.max.size': used.int(2147483647, 'The members of a classic group.', { min: 1 }),
  'group.coordinator.rebalance.protocols': used.list(['classic', 'consumer', 'streams'], 'The kinds of groups that are served.', {
    oneOf: ['consumer', 'classic', 'share', 'streams'],
    notEmpty: true,
  }),
  'group.coordinator.threads': accepted.int(4, 'Threads of the group coordinator.', { min: 1, importance: 'high' }),
  'group.coordinator.background.threads': accepted.int(2, 'Threads for assignments and regular expressions.', {
    min: 1,
    importance: 'high',
  }),
  'group.coordinator.append.linger.ms': accepted.int(
    -1,
    'The milliseconds that the group coordinator gathers records for one batch; -1 adapts.',
    { min: -1 },
  ),
  'group.coordinator.cached.buffer.max.bytes': accepted.int(
    1048588,
    'The bytes of a write buffer that the group coordinator keeps.',
    { min: 524288, update: 'cluster-wide' },
  ),
  'group.consumer.session.timeout.ms': used.int(45000, 'The milliseconds of silence after which a consumer member is removed.', {
    min: 1,
  }),
  'group.consumer.min.session.timeout.ms': used.int(45000, 'The least that a group may set for consumer.session.timeout.ms.', {
    min: 1,
  }),
  'group.consumer.max.session.timeout.ms': used.int(60000, 'The most that a group may set for consumer.session.timeout.ms.', {
    min: 1,
  }),
  'group.consumer.heartbeat.interval.ms': used.int(
    5000,
    'The milliseconds between two heartbeats that consumer members are told.',
    { min: 1 },
  ),
  'group.consumer.min.heartbeat.interval.ms': used.int(
    5000,
    'The least that a group may set for consumer.heartbeat.interval.ms.',
    { min: 1 },
  ),
  'group.consumer.max.heartbeat.interval.ms': used.int(
    15000,
    'The most that a group may set for consumer.heartbeat.interval.ms.',
    { min: 1 },
  ),
  'group.consumer.assignment.interval.ms': used.int(
    0,
    'The least milliseconds between two target assignments of a consumer group.',
    { min: 0, update: 'cluster-wide' },
  ),
  'group.consumer.min.assignment.interval.ms': used.int(
    0,
    'The least that a group may set for consumer.assignment.interval.ms.',
    { min: 0 },
  ),
  'group.consumer.max.assignment.interval.ms': used.int(
    15000,
    'The most that a group may set for consumer.assignment.interval.ms.',
    { min: 0 },
  ),
  'group.consumer.assignor.offload.enable': accepted.boolean(
    true,
    "Whether consumer assignments are computed off the coordinator's thread.",
    { internal: true, update: 'cluster-wide' },
  ),
  'group.consumer.max.size': used.int(2147483647, 'The members of a consumer group.', { min: 1 }),
  'group.consumer.assignors': used.list(['uniform', 'range'], 'The assignors of consumer groups; the first is the default.', {
    notEmpty: true,
  }),
  'group.consumer.migration.policy': used.string(
    'bidirectional',
    'Which ways a group may change between the classic and the consumer protocol while it is in use.',
    { oneOf: ['DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'], ignoreCase: true },
  ),
  'group.consumer.regex.refresh.interval.ms': used.int(
    600000,
    'The milliseconds after which a subscribed regular expression is resolved again.',
    { min: 10000, internal: true },
  ),
  'group.streams.session.timeout.ms': used.int(45000, 'The milliseconds of silence after which a streams member is removed.', {
    min: 1,
  }),
  'group.streams.min.session.timeout.ms': used.int(45000, 'The least that a group may set for streams.session.timeout.ms.', {
    min: 1,
  }),
  'group.streams.max.session.timeout.ms': used.int(60000, 'The most that a group may set for streams.session.timeout.ms.', {
    min: 1,
  }),
  'group.streams.heartbeat.interval.ms': used.int(
    5000,
    'The milliseconds between two heartbeats that streams members are told.',
    { min: 1 },
  ),
  'group.streams.min.heartbeat.interval.ms': used.int(5000, 'The least that a group may set for streams.heartbeat.interval.ms.', {
    min: 1,
  }),
  'group.streams.max.heartbeat.interval.ms': used.int(15000, 'The most that a group may set for streams.heartbeat.interval.ms.', {
    min: 1,
  }),
  'group.streams.assignment.interval.ms': used.int(
    1000,
    'The least milliseconds between two target assignments of a streams group.',
    { min: 0, update: 'cluster-wide' },
  ),
  'group.streams.min.assignment.interval.ms': used.int(0, 'The least that a group may set for streams.assignment.interval.ms.', {
    min: 0,
  }),
  'group.streams.max.assignment.interval.ms': used.int(
    15000,
    'The most that a group may set for streams.assignment.interval.ms.',
    { min: 0 },
  ),
  'group.streams.assignor.offload.enable': accepted.boolean(
    true,
    "Whether streams assignments are computed off the coordinator's thread.",
    { internal: true, update: 'cluster-wide' },
  ),
  'group.streams.assignors': used.list(['sticky'], 'The assignors of streams groups; the first is the default.', {
    notEmpty: true,
  }),
  'group.streams.max.size': used.int(2147483647, 'The members of a streams group.', { min: 1 }),
  'group.streams.num.standby.replicas': used.int(0, 'The standby tasks of a streams task.', { min: 0 }),
  'group.streams.max.standby.replicas': used.int(2, 'The most that a group may set for streams.num.standby.replicas.', {
    min: 0,
  }),
  'group.streams.num.warmup.replicas': used.int(2, 'The warm-up tasks of a streams group at one time.', {
    min: 0,
    internal: true,
  }),
  'group.streams.max.warmup.replicas': used.int(20, 'The most that a group may set for streams.num.warmup.replicas.', {
    min: 0,
    internal: true,
  }),
  'group.streams.acceptable.recovery.lag': used.long(
    10000,
    'The records by which a warm-up task may lag and yet count as caught up.',
    { min: 0, internal: true },
  ),
  'group.streams.task.offset.interval.ms': used.int(
    60000,
    'The milliseconds between two reports of task offsets by a streams member.',
    { min: 1, internal: true },
  ),
  'group.streams.min.task.offset.interval.ms': used.int(
    15000,
    'The least that a group may set for streams.task.offset.interval.ms.',
    { min: 1, internal: true },
  ),
  'group.streams.initial.rebalance.delay.ms': used.int(
    3000,
    'The milliseconds that the first assignment of a streams group waits for more members.',
    { min: 0 },
  ),
  'group.streams.rack.aware.assignment.tags': used.list([], 'The client tags by which standby tasks are spread.', {
    importance: 'low',
  }),
  'group.streams.topology.description.plugin.class': accepted.class(
    null,
    'A class that stores descriptions of streams topologies.',
  ),
  'offset.metadata.max.bytes': used.int(4096, 'The bytes of metadata that may be committed with an offset.', {
    importance: 'high',
  }),
  'offsets.retention.minutes': used.int(10080, 'The minutes after which the offsets of a group without members go.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.retention.check.interval.ms': used.long(600000, 'The milliseconds between two looks for offsets to forget.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.commit.timeout.ms': used.int(5000, 'The milliseconds that a commit may wait for its records.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.load.buffer.size': accepted.int(5242880, 'The bytes read at once when offsets are loaded.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.topic.num.partitions': used.int(50, 'The partitions of __consumer_offsets, fixed when it is created.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.topic.replication.factor': used.short(3, 'The replicas of __consumer_offsets, at most the nodes that exist.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.topic.segment.bytes': used.int(104857600, 'The bytes of a segment of __consumer_offsets.', {
    min: 1,
    importance: 'high',
  }),
  'offsets.topic.compression.codec': accepted.int(0, 'The codec number of the records in __consumer_offsets.', {
    importance: 'high',
  }),
}
