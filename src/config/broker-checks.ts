import { type BrokerConfig, withoutSlash } from './broker-config.ts'
import type { BrokerSettingName } from './broker-settings.ts'
import { parseConnectionOverrides } from './connection-overrides.ts'
import { checkEvictionGrace } from './eviction-grace.ts'

/** The first may be at most the second. */
const ordered: readonly (readonly [BrokerSettingName, BrokerSettingName])[] = [
  ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'],
  ['log.cleaner.min.compaction.lag.ms', 'log.cleaner.max.compaction.lag.ms'],
  ['group.streams.num.standby.replicas', 'group.streams.max.standby.replicas'],
  ['group.streams.num.warmup.replicas', 'group.streams.max.warmup.replicas'],
  ['group.streams.min.task.offset.interval.ms', 'group.streams.task.offset.interval.ms'],
  ...withinBounds('consumer', 'heartbeat.interval.ms'),
  ...withinBounds('consumer', 'session.timeout.ms'),
  ...withinBounds('consumer', 'assignment.interval.ms'),
  ...withinBounds('streams', 'heartbeat.interval.ms'),
  ...withinBounds('streams', 'session.timeout.ms'),
  ...withinBounds('streams', 'assignment.interval.ms'),
  ...withinBounds('share', 'heartbeat.interval.ms'),
  ...withinBounds('share', 'session.timeout.ms'),
  ...withinBounds('share', 'assignment.interval.ms'),
  ...withinBounds('share', 'delivery.count.limit'),
  ...withinBounds('share', 'record.lock.duration.ms'),
]

function withinBounds(group: string, what: string): [BrokerSettingName, BrokerSettingName][] {
  const [value, least, most] = ['', 'min.', 'max.'].map((bound) => `group.${group}.${bound}${what}` as BrokerSettingName)
  return [
    [least!, value!],
    [value!, most!],
  ]
}

/** What is wrong between settings, each of which is right alone: one sentence for each problem. */
export function crossCheck(config: BrokerConfig): string[] {
  const problems = [...config.listenerProblems, ...checkNode(config), ...checkDirectories(config), ...checkAges(config)]
  for (const [lower, upper] of ordered) {
    const [low, high] = [Number(config.get(lower)), Number(config.get(upper))]
    if (low > high) problems.push(`${lower} (${low}) must be at most ${upper} (${high}).`)
  }
  for (const group of ['consumer', 'share', 'streams'] as const) {
    const [heartbeat, session] = [`group.${group}.heartbeat.interval.ms`, `group.${group}.session.timeout.ms`] as const
    if (config.get(heartbeat) >= config.get(session)) {
      problems.push(`${heartbeat} (${config.get(heartbeat)}) must be below ${session} (${config.get(session)}).`)
    }
  }
  problems.push(...checkAssignors(config), ...checkEvictionGrace(config))
  problems.push(...parseConnectionOverrides(config.get('max.connections.per.ip.overrides')).problems, ...checkTopics(config))
  return problems
}

/** Kafka loads classes here, which a node without Java cannot. */
function checkAssignors(config: BrokerConfig): string[] {
  const known = ['uniform', 'range']
  const unknown = config.get('group.consumer.assignors').filter((name) => !known.includes(name))
  return unknown.map((name) => `group.consumer.assignors names ${name}: Grete has ${known.join(' and ')}, and loads no others.`)
}

function checkNode(config: BrokerConfig): string[] {
  const problems: string[] = []
  if (!config.get('process.roles').includes('broker')) {
    problems.push('process.roles is controller, but a Grete node is always a broker too: set it to broker,controller.')
  }
  const [nodeId, brokerId] = [config.get('node.id'), config.get('broker.id')]
  if (brokerId >= 0 && brokerId !== nodeId) {
    problems.push(`node.id is ${nodeId} and broker.id ${brokerId}: they name the same node, so give one, or the same number.`)
  }
  return problems
}

function checkDirectories(config: BrokerConfig): string[] {
  const name = config.get('log.dirs') === null ? 'log.dir' : 'log.dirs'
  const directories = config.get('log.dirs') ?? config.get('log.dir')
  const plain = directories.map(withoutSlash)
  const twice = plain.find((path, index) => plain.indexOf(path) < index)
  return twice === undefined ? [] : [`${name} names ${twice} twice.`]
}

function checkAges(config: BrokerConfig): string[] {
  const problems: string[] = []
  const age = (name: BrokerSettingName): number => Number(config.inFirstUnit(name).value)
  if (age('log.roll.ms') < 1) problems.push('log.roll.ms must be at least 1.')
  if (age('log.roll.jitter.ms') < 0) problems.push('log.roll.jitter.ms must be at least 0.')
  if (age('log.retention.ms') === 0) problems.push('log.retention.ms must be at least 1, or -1 to keep records for ever.')
  return problems
}

/** Topic names are checked where topics are made; here only that a count is one. */
function checkTopics(config: BrokerConfig): string[] {
  return config
    .get('topics')
    .filter((topic) => parseTopic(topic) === null)
    .map((topic) => `topics: ${topic} is not of the form name or name:partitions.`)
}

/** Reads `orders` or `orders:6`; null if it is neither. */
export function parseTopic(text: string): { name: string; partitions: number | null } | null {
  const match = /^([a-zA-Z0-9._-]{1,249})(?::([1-9][0-9]{0,5}))?$/.exec(text)
  return match === null ? null : { name: match[1]!, partitions: match[2] === undefined ? null : Number(match[2]) }
}
