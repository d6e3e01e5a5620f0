import type { BrokerSettingName } from './broker-settings.ts'
import { accepted, type Constraints, type Setting, used } from './setting.ts'

const duration = /^[+]?P(?=.)([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]{0,9})?S)?)?$/i

const offsetReset: Constraints['rule'] = {
  accepts: '[latest, earliest, by_duration:PnDTnHnMn.nS]',
  check: (value, name) => {
    const text = String(value)
    const [, length] = /^by_duration:(.*)$/.exec(text) ?? []
    if (text === 'latest' || text === 'earliest' || (length !== undefined && duration.test(length))) return null
    return (
      `Invalid value \`${text}\` for configuration ${name}. ` +
      "The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'."
    )
  },
}

/** The settings of a group. */
export const groupResourceSettings = {
  'consumer.session.timeout.ms': used.int(45000, 'The milliseconds of silence after which a consumer member is removed.', {
    min: 1,
  }),
  'consumer.heartbeat.interval.ms': used.int(5000, 'The milliseconds between two heartbeats that consumer members are told.', {
    min: 1,
  }),
  'consumer.assignment.interval.ms': used.int(
    1000,
    'The least milliseconds between two target assignments of the consumer group.',
    { min: 0 },
  ),
  'consumer.assignor.offload.enable': accepted.boolean(
    true,
    "Whether consumer assignments are computed off the coordinator's thread.",
    { internal: true },
  ),
  'share.session.timeout.ms': used.int(45000, 'The milliseconds of silence after which a share member is removed.', { min: 1 }),
  'share.heartbeat.interval.ms': used.int(5000, 'The milliseconds between two heartbeats that share members are told.', {
    min: 1,
  }),
  'share.record.lock.duration.ms': used.int(30000, 'The milliseconds for which a delivered record is locked.', { min: 1000 }),
  'share.delivery.count.limit': used.int(5, 'The deliveries after which a record is archived.', { min: 2 }),
  'share.partition.max.record.locks': used.int(2000, 'The records in flight of a share partition.', { min: 100 }),
  'share.auto.offset.reset': used.string(
    'latest',
    'Where a new share partition begins: latest, earliest, or by_duration: and an ISO 8601 duration back.',
    { rule: offsetReset },
  ),
  'share.isolation.level': used.string('read_uncommitted', 'Whether aborted records are delivered.', {
    oneOf: ['read_committed', 'read_uncommitted'],
  }),
  'share.renew.acknowledge.enable': used.boolean(true, 'Whether a consumer may renew the lock of a record.'),
  'share.assignment.interval.ms': used.int(1000, 'The least milliseconds between two target assignments of the share group.', {
    min: 0,
  }),
  'share.assignor.offload.enable': accepted.boolean(
    true,
    "Whether share assignments are computed off the coordinator's thread.",
    { internal: true },
  ),
  'streams.session.timeout.ms': used.int(45000, 'The milliseconds of silence after which a streams member is removed.', {
    min: 1,
  }),
  'streams.heartbeat.interval.ms': used.int(5000, 'The milliseconds between two heartbeats that streams members are told.', {
    min: 1,
  }),
  'streams.assignment.interval.ms': used.int(
    1000,
    'The least milliseconds between two target assignments of the streams group.',
    { min: 0 },
  ),
  'streams.assignor.name': used.string(null, 'The assignor of the streams group.'),
  'streams.assignor.offload.enable': accepted.boolean(
    true,
    "Whether streams assignments are computed off the coordinator's thread.",
    { internal: true },
  ),
  'streams.num.standby.replicas': used.int(0, 'The standby tasks of a streams task.', { min: 0 }),
  'streams.num.warmup.replicas': used.int(2, 'The warm-up tasks of the streams group at one time.', { min: 0, internal: true }),
  'streams.acceptable.recovery.lag': used.long(10000, 'The records by which a warm-up task may lag and yet count as caught up.', {
    min: 0,
    internal: true,
  }),
  'streams.task.offset.interval.ms': used.int(60000, 'The milliseconds between two reports of task offsets by a member.', {
    min: 1,
    internal: true,
  }),
  'streams.initial.rebalance.delay.ms': used.int(3000, 'The milliseconds that the first assignment waits for more members.', {
    min: 0,
  }),
  'streams.rack.aware.assignment.tags': used.list([], 'The client tags by which standby tasks are spread.', {
    importance: 'low',
  }),
  'errors.deadletterqueue.topic.name': used.string('', "The topic to which a share group's dead letters go; empty for none."),
  'errors.deadletterqueue.copy.record.enable': used.boolean(false, 'Whether a dead letter carries the record itself.'),
}

export type GroupSettingName = keyof typeof groupResourceSettings
export type GroupSettingValue<N extends GroupSettingName> = (typeof groupResourceSettings)[N] extends Setting<infer V> ? V : never

export function isGroupSetting(name: string): name is GroupSettingName {
  return Object.hasOwn(groupResourceSettings, name)
}

/** The broker setting from which a group has its value where it does not set it. */
export const groupBrokerNames: Partial<Record<GroupSettingName, BrokerSettingName>> = {
  'consumer.assignment.interval.ms': 'group.consumer.assignment.interval.ms',
  'consumer.assignor.offload.enable': 'group.consumer.assignor.offload.enable',
  'consumer.heartbeat.interval.ms': 'group.consumer.heartbeat.interval.ms',
  'consumer.session.timeout.ms': 'group.consumer.session.timeout.ms',
  'share.assignment.interval.ms': 'group.share.assignment.interval.ms',
  'share.assignor.offload.enable': 'group.share.assignor.offload.enable',
  'share.delivery.count.limit': 'group.share.delivery.count.limit',
  'share.heartbeat.interval.ms': 'group.share.heartbeat.interval.ms',
  'share.partition.max.record.locks': 'group.share.partition.max.record.locks',
  'share.record.lock.duration.ms': 'group.share.record.lock.duration.ms',
  'share.session.timeout.ms': 'group.share.session.timeout.ms',
  'streams.acceptable.recovery.lag': 'group.streams.acceptable.recovery.lag',
  'streams.assignment.interval.ms': 'group.streams.assignment.interval.ms',
  'streams.assignor.name': 'group.streams.assignors',
  'streams.assignor.offload.enable': 'group.streams.assignor.offload.enable',
  'streams.heartbeat.interval.ms': 'group.streams.heartbeat.interval.ms',
  'streams.initial.rebalance.delay.ms': 'group.streams.initial.rebalance.delay.ms',
  'streams.num.standby.replicas': 'group.streams.num.standby.replicas',
  'streams.num.warmup.replicas': 'group.streams.num.warmup.replicas',
  'streams.rack.aware.assignment.tags': 'group.streams.rack.aware.assignment.tags',
  'streams.session.timeout.ms': 'group.streams.session.timeout.ms',
  'streams.task.offset.interval.ms': 'group.streams.task.offset.interval.ms',
}
