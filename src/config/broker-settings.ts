import { greteSettings } from './broker-settings/grete.ts'
import { groupSettings } from './broker-settings/groups.ts'
import { kraftSettings } from './broker-settings/kraft.ts'
import { logSettings } from './broker-settings/log.ts'
import { networkSettings } from './broker-settings/network.ts'
import { nodeSettings } from './broker-settings/node.ts'
import { quotaSettings } from './broker-settings/quotas.ts'
import { replicationSettings } from './broker-settings/replication.ts'
import { saslSettings } from './broker-settings/sasl.ts'
import { securitySettings } from './broker-settings/security.ts'
import { shareGroupSettings } from './broker-settings/share-groups.ts'
import { tieredStorageSettings } from './broker-settings/tiered-storage.ts'
import { transactionSettings } from './broker-settings/transactions.ts'
import type { Setting } from './setting.ts'

/** Every setting of a broker: all that Kafka knows, and ours. */
export const brokerSettings = {
  ...nodeSettings,
  ...networkSettings,
  ...logSettings,
  ...groupSettings,
  ...shareGroupSettings,
  ...transactionSettings,
  ...replicationSettings,
  ...kraftSettings,
  ...quotaSettings,
  ...securitySettings,
  ...saslSettings,
  ...tieredStorageSettings,
  ...greteSettings,
}

export type BrokerSettingName = keyof typeof brokerSettings
export type BrokerSettingValue<N extends BrokerSettingName> = (typeof brokerSettings)[N] extends Setting<infer V> ? V : never

export function isBrokerSetting(name: string): name is BrokerSettingName {
  return Object.hasOwn(brokerSettings, name)
}

/** Settings that stand below a listener and a mechanism: `listener.name.NAME.MECHANISM.sasl.jaas.config`. */
const mechanismSettings: readonly BrokerSettingName[] = [
  'sasl.jaas.config',
  'sasl.login.callback.handler.class',
  'sasl.login.class',
  'sasl.server.callback.handler.class',
  'connections.max.reauth.ms',
]

/** The name that `listener.name.NAME.` stands before, or null. */
export function listenerOverrideOf(name: string): string | null {
  const rest = /^listener\.name\.[^.]+\.(.+)$/.exec(name)?.[1]
  if (rest === undefined) return null
  return mechanismSettings.find((setting) => rest.endsWith(`.${setting}`)) ?? rest
}

/** The row of a name; a listener's override has the row of what it overrides. */
export function brokerSetting(name: string): Setting | null {
  if (isBrokerSetting(name)) return brokerSettings[name]
  const overridden = listenerOverrideOf(name)
  return overridden !== null && isBrokerSetting(overridden) ? brokerSettings[overridden] : null
}

const hourMs = 3_600_000
const minuteMs = 60_000

/** The names of one value, the first that is set wins; `toFirst` turns a value of that name into the first one's unit. */
const synonymGroups: readonly (readonly { name: BrokerSettingName; toFirst: number }[])[] = [
  [
    { name: 'log.roll.ms', toFirst: 1 },
    { name: 'log.roll.hours', toFirst: hourMs },
  ],
  [
    { name: 'log.roll.jitter.ms', toFirst: 1 },
    { name: 'log.roll.jitter.hours', toFirst: hourMs },
  ],
  [
    { name: 'log.retention.ms', toFirst: 1 },
    { name: 'log.retention.minutes', toFirst: minuteMs },
    { name: 'log.retention.hours', toFirst: hourMs },
  ],
  [
    { name: 'log.flush.interval.ms', toFirst: 1 },
    { name: 'log.flush.scheduler.interval.ms', toFirst: 1 },
  ],
]

export interface Synonym {
  readonly name: BrokerSettingName
  readonly toFirst: number
}

/** The settings from which a value is taken, in order: `log.retention.ms`, then minutes, then hours. */
export function synonymsOf(name: BrokerSettingName): readonly Synonym[] {
  return synonymGroups.find((group) => group[0]?.name === name) ?? [{ name, toFirst: 1 }]
}

/** The names that DescribeConfigs shows beside a setting, in Kafka's order. */
export function shownSynonymsOf(name: string): readonly string[] {
  const group = synonymGroups.find((one) => one.some((synonym) => synonym.name === name))
  if (group !== undefined && name !== 'log.flush.scheduler.interval.ms') return group.map((synonym) => synonym.name)
  const overridden = listenerOverrideOf(name)
  return overridden === null ? [name] : [name, overridden]
}
