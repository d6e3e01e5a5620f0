import { KafkaError } from '../../protocol/errors.ts'
import type { BrokerConfig } from './broker-config.ts'
import type { BrokerSettingName } from './broker-settings.ts'
import {
  type GroupSettingName,
  type GroupSettingValue,
  groupBrokerNames,
  groupResourceSettings,
  isGroupSetting,
} from './group-settings.ts'
import { type ParsedValue, parseValue } from './setting-value.ts'

type Overrides = ReadonlyMap<string, string>

function groupParsed(name: GroupSettingName, overrides: Overrides, broker: BrokerConfig): ParsedValue {
  const own = overrides.get(name)
  if (own !== undefined) {
    try {
      return parseValue(groupResourceSettings[name], name, own)
    } catch {
      // Checked where it was set.
    }
  }
  const brokerName = groupBrokerNames[name]
  const { defaultValue, defaultText } = groupResourceSettings[name]
  // The broker lists assignors, of which a group has one: the first.
  if (brokerName === undefined || name === 'streams.assignor.name') return { value: defaultValue, text: defaultText ?? '' }
  return broker.inFirstUnit(brokerName)
}

/** What holds for a setting of a group, as Kafka writes it. */
export function groupText(name: GroupSettingName, overrides: Overrides, broker: BrokerConfig): string | null {
  const { value, text } = groupParsed(name, overrides, broker)
  return value === null ? null : text
}

/** The settings whose broker has bounds for them: `group.share.min.session.timeout.ms`. */
const bounded: readonly GroupSettingName[] = [
  'consumer.heartbeat.interval.ms',
  'consumer.session.timeout.ms',
  'consumer.assignment.interval.ms',
  'share.heartbeat.interval.ms',
  'share.session.timeout.ms',
  'share.assignment.interval.ms',
  'share.record.lock.duration.ms',
  'share.delivery.count.limit',
  'share.partition.max.record.locks',
  'streams.heartbeat.interval.ms',
  'streams.session.timeout.ms',
  'streams.assignment.interval.ms',
  'streams.num.standby.replicas',
  'streams.num.warmup.replicas',
  'streams.task.offset.interval.ms',
]

/** The broker's bound for a setting of groups; not every one has both. */
function bound(name: GroupSettingName, which: 'min' | 'max'): BrokerSettingName | null {
  const [kind, ...rest] = name.split('.')
  const what = rest.join('.').replace(/^num\./, '')
  const brokerName = (
    name === 'share.partition.max.record.locks' ? `group.share.${which}.${rest.join('.')}` : `group.${kind}.${which}.${what}`
  ) as BrokerSettingName
  const missing = which === 'min' ? ['standby.replicas', 'warmup.replicas'] : ['task.offset.interval.ms']
  return missing.includes(what) ? null : brokerName
}

/** What holds for a setting of a group: its own value, kept within the bounds that the broker has now, else the broker's. */
export function groupValue<N extends GroupSettingName>(
  name: N,
  overrides: Overrides,
  broker: BrokerConfig,
): GroupSettingValue<N> {
  const { value } = groupParsed(name, overrides, broker)
  if (!bounded.includes(name) || typeof value !== 'number') return value as GroupSettingValue<N>
  const [least, most] = [bound(name, 'min'), bound(name, 'max')]
  const raised = least === null ? value : Math.max(value, Number(broker.get(least)))
  return (most === null ? raised : Math.min(raised, Number(broker.get(most)))) as GroupSettingValue<N>
}

/** Checks what a group is to be set to, or throws INVALID_CONFIG in Kafka's words. */
export function checkGroupOverrides(overrides: Overrides, broker: BrokerConfig): void {
  for (const name of overrides.keys()) {
    if (!isGroupSetting(name)) throw new KafkaError('INVALID_CONFIG', `Unknown group config name: ${name}`)
  }
  for (const [name, text] of overrides) parseValue(groupResourceSettings[name as GroupSettingName], name, text)
  const number = (name: GroupSettingName): number => Number(groupParsed(name, overrides, broker).value)
  for (const name of bounded) {
    const [least, most] = [bound(name, 'min'), bound(name, 'max')]
    if (least !== null && number(name) < Number(broker.get(least))) {
      throw new KafkaError('INVALID_CONFIG', `${name} must be greater than or equal to ${least}`)
    }
    if (most !== null && number(name) > Number(broker.get(most))) {
      throw new KafkaError('INVALID_CONFIG', `${name} must be less than or equal to ${most}`)
    }
  }
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`] as const
    if (number(session) <= number(heartbeat)) {
      throw new KafkaError('INVALID_CONFIG', `${session} must be greater than ${heartbeat}`)
    }
  }
}
