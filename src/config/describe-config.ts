import type { BrokerConfig } from './broker-config.ts'
import { brokerSetting, brokerSettings, isBrokerSetting, shownSynonymsOf } from './broker-settings.ts'
import { clientMetricsSettings } from './client-metrics-settings.ts'
import { groupText } from './group-config.ts'
import { type GroupSettingName, groupBrokerNames, groupResourceSettings } from './group-settings.ts'
import type { Setting, SettingType } from './setting.ts'
import { parseValue } from './setting-value.ts'
import { topicValue } from './topic-config.ts'
import { brokerNames, type TopicSettingName, topicSettings } from './topic-settings.ts'

/** `ConfigSource` of DescribeConfigs. */
export const configSources = {
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  brokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const

/** `ConfigType` of DescribeConfigs. */
export const configTypes: Readonly<Record<SettingType | 'unknown', number>> = {
  unknown: 0,
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

/** A setting as DescribeConfigs shows it. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly source: number
  readonly sensitive: boolean
  /** The chain from which the value comes: what holds first, then what it hides. */
  readonly synonyms: readonly ConfigSynonym[]
  readonly type: number
  readonly documentation: string | null
}

type Overrides = ReadonlyMap<string, string>

/** A password is never shown, nor what nobody knows the type of: it may be one. */
const isSensitive = (setting: Setting | null): boolean => setting === null || setting.type === 'password'

function brokerChain(config: BrokerConfig, name: string): ConfigSynonym[] {
  const { dynamicBroker, dynamicDefault, static: start } = config.layers
  const sensitive = isSensitive(brokerSetting(name))
  const names = shownSynonymsOf(name)
  const chain: ConfigSynonym[] = []
  const add = (source: number, textOf: (one: string) => string | null | undefined): void => {
    for (const one of names) {
      const text = textOf(one) ?? null
      if (text !== null) chain.push({ name: one, value: sensitive ? null : text, source })
    }
  }
  add(configSources.dynamicBroker, (one) => dynamicBroker.get(one))
  add(configSources.dynamicDefaultBroker, (one) => dynamicDefault.get(one))
  add(configSources.staticBroker, (one) => start.get(one))
  add(configSources.default, (one) => (isBrokerSetting(one) ? brokerSettings[one].defaultText : null))
  // As in Kafka, what stands before the setting's own name is left out: a value given as hours is no source of one in ms.
  const own = chain.findIndex((synonym) => synonym.name === name)
  return own < 0 ? [] : chain.slice(own)
}

function entry(
  name: string,
  setting: Setting | null,
  value: string | null,
  synonyms: ConfigSynonym[],
  readOnly: boolean,
): ConfigEntry {
  const sensitive = isSensitive(setting)
  return {
    name,
    value: sensitive ? null : value,
    readOnly,
    source: synonyms[0]?.source ?? configSources.default,
    sensitive,
    synonyms,
    type: configTypes[setting?.type ?? 'unknown'],
    documentation: setting?.doc ?? null,
  }
}

const byName = (left: ConfigEntry, right: ConfigEntry): number => (left.name < right.name ? -1 : 1)

/** The settings of a node: those that are not internal, and all that is set. */
export function describeBroker(config: BrokerConfig): ConfigEntry[] {
  const { dynamicBroker, dynamicDefault, static: start } = config.layers
  const names = new Set([...dynamicBroker.keys(), ...dynamicDefault.keys(), ...start.keys()])
  for (const [name, setting] of Object.entries(brokerSettings)) if (!setting.internal) names.add(name)
  return Array.from(names, (name) => {
    const setting = brokerSetting(name)
    return entry(name, setting, config.text(name), brokerChain(config, name), setting === null || setting.update === 'read-only')
  }).sort(byName)
}

/** The settings that all nodes were given while they run. */
export function describeAllBrokers(config: BrokerConfig): ConfigEntry[] {
  return Array.from(config.layers.dynamicDefault, ([name, text]) => {
    const setting = brokerSetting(name)
    const chain = brokerChain(config, name).filter(({ source }) => source === configSources.dynamicDefaultBroker)
    return entry(name, setting, text, chain, setting === null || setting.update === 'read-only')
  }).sort(byName)
}

/** The settings of a topic. */
export function describeTopic(overrides: Overrides, broker: BrokerConfig): ConfigEntry[] {
  const shown = Object.entries(topicSettings).filter(([name, setting]) => !setting.internal || overrides.has(name))
  return shown
    .map(([name, setting]) => {
      const { text } = topicValue(name as TopicSettingName, overrides, broker)
      const brokerName = brokerNames[name as TopicSettingName]
      const chain = brokerName === undefined ? [] : brokerChain(broker, brokerName)
      if (overrides.has(name)) chain.unshift({ name, value: text, source: configSources.topic })
      return entry(name, setting, text, chain, false)
    })
    .sort(byName)
}

/** The settings of a group. */
export function describeGroup(overrides: Overrides, broker: BrokerConfig): ConfigEntry[] {
  const shown = Object.entries(groupResourceSettings).filter(([name, setting]) => !setting.internal || overrides.has(name))
  return shown
    .map(([name, setting]) => {
      const text = groupText(name as GroupSettingName, overrides, broker)
      const brokerName = groupBrokerNames[name as GroupSettingName]
      const fallback: ConfigSynonym[] =
        setting.defaultText === null ? [] : [{ name, value: setting.defaultText, source: configSources.default }]
      const chain = brokerName === undefined ? fallback : brokerChain(broker, brokerName)
      if (overrides.has(name)) chain.unshift({ name, value: text, source: configSources.group })
      return entry(name, setting, text, chain, false)
    })
    .sort(byName)
}

/** The settings of a client metrics subscription. */
export function describeClientMetrics(overrides: Overrides): ConfigEntry[] {
  return Object.entries(clientMetricsSettings)
    .map(([name, setting]) => {
      const own = overrides.get(name)
      const text = own === undefined ? setting.defaultText : parseValue(setting, name, own).text
      return entry(
        name,
        setting,
        text,
        own === undefined ? [] : [{ name, value: text, source: configSources.clientMetrics }],
        false,
      )
    })
    .sort(byName)
}
