import { accepted, longMax, refused, used } from '../setting.ts'
import * as refusals from './refusals.ts'

/** What a node is, and what it does with topics. */
export const nodeSettings = {
  'node.id': used.int(1, 'The number of this node, which Metadata shows as the broker id.', { min: 0, importance: 'high' }),
  'broker.id': used.int(-1, 'The older name of node.id; the two must agree.', { importance: 'high' }),
  'broker.rack': used.string(null, 'The rack of this node, shown in Metadata and used to fetch from a near replica.'),
  'process.roles': used.list(['broker', 'controller'], 'broker, or broker and controller: a Grete node is both.', {
    oneOf: ['broker', 'controller'],
    notEmpty: true,
    importance: 'high',
  }),
  'controller.listener.names': used.list(
    ['CONTROLLER'],
    'Listeners for controllers only: they are neither opened nor advertised.',
    { notEmpty: true, importance: 'high' },
  ),
  'auto.create.topics.enable': used.boolean(true, 'Whether Metadata creates an unknown topic on first use.', {
    importance: 'high',
  }),
  'delete.topic.enable': used.boolean(true, 'Whether DeleteTopics is allowed.', { importance: 'high' }),
  'num.partitions': used.int(1, 'The partitions of a topic that is created without a count.', { min: 1 }),
  'default.replication.factor': used.int(1, 'The replicas of a topic that is created without a factor.'),
  'create.topic.policy.class.name': refused.class(null, 'A class that judges every new topic.', {
    importance: 'low',
    refuse: refusals.policy,
  }),
  'alter.config.policy.class.name': refused.class(null, 'A class that judges every change of a setting.', {
    importance: 'low',
    refuse: refusals.policy,
  }),
  'controlled.shutdown.enable': accepted.boolean(true, 'Whether leadership moves to other nodes before a stop.'),
  'auto.leader.rebalance.enable': accepted.boolean(true, 'Whether leadership moves back to preferred replicas by itself.', {
    importance: 'high',
  }),
  'leader.imbalance.check.interval.seconds': accepted.long(
    300,
    'The seconds between two looks for leaders that are not the preferred replica.',
    { min: 1, importance: 'high' },
  ),
  'unclean.leader.election.enable': used.boolean(
    false,
    'Whether a replica outside the ISR may lead, at the price of lost records.',
    { importance: 'high', update: 'cluster-wide' },
  ),
  'unclean.leader.election.interval.ms': accepted.long(
    300000,
    'The milliseconds between two looks for partitions that need an unclean election.',
    { min: 1, internal: true },
  ),
  'min.insync.replicas': used.int(1, 'The in-sync replicas that acks=all asks for, at most those that the partition has.', {
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
  }),
  'max.request.partition.size.limit': used.int(2000, 'The partitions in one answer of DescribeTopicPartitions.', { min: 1 }),
  'unstable.api.versions.enable': accepted.boolean(false, 'Whether versions that are still being designed are offered.', {
    importance: 'high',
    internal: true,
  }),
  'unstable.feature.versions.enable': accepted.boolean(
    false,
    'Whether feature levels that are still being designed are offered.',
    { importance: 'high', internal: true },
  ),
  'config.providers': refused.list([], 'Classes that resolve references in the values of other settings.', {
    importance: 'low',
    update: 'cluster-wide',
    refuse: refusals.configProviders,
  }),
  'background.threads': accepted.int(10, 'Threads for background work.', { min: 1, importance: 'high', update: 'cluster-wide' }),
  'request.timeout.ms': accepted.int(30000, 'The milliseconds that a request to another node may take.', { importance: 'high' }),
  'telemetry.max.bytes': accepted.int(1048576, 'The bytes that a client may push as metrics in one request.', {
    min: 1,
    importance: 'low',
  }),
  'server.max.startup.time.ms': accepted.long(longMax, 'The milliseconds that a start may take.', { min: 0, internal: true }),
  'security.providers': accepted.string(null, 'Java security providers.', { importance: 'low' }),
}
