import { KafkaError } from '../../protocol/errors.ts'
import { crossCheck } from './broker-checks.ts'
import { BrokerConfig, type GivenSetting } from './broker-config.ts'
import { isForeignName } from './broker-settings/known-names.ts'
import { brokerSetting, brokerSettings } from './broker-settings.ts'
import { closestName } from './closest-name.ts'
import { ConfigError } from './config-error.ts'
import { environmentSettings, misspeltVariables } from './environment-names.ts'
import { moveFirstListener } from './listeners.ts'
import type { SettingValue } from './setting.ts'
import { parseValue } from './setting-value.ts'

/** Settings from one place. */
export interface SettingsSource {
  readonly settings: readonly GivenSetting[]
  readonly warnings?: readonly string[]
  /** Another host or port for the first of the broker's listeners, whatever source gave that: `--host`, `--port`. */
  readonly listen?: { readonly host?: string; readonly port?: number }
}

export interface Resolution {
  readonly config: BrokerConfig
  /** What its owner should know: one line each. */
  readonly warnings: readonly string[]
  /** What is as it should be and worth a line: the settings that were accepted and have no meaning here. */
  readonly notes: readonly string[]
}

/** The settings that the variables of an environment give, and a warning for each variable that looks misspelt. */
export function environmentSource(environment: Readonly<Record<string, string | undefined>>): SettingsSource {
  const settings = environmentSettings(environment).map(({ name, variable, value }) => ({ name, value, from: variable }))
  return { settings, warnings: misspeltVariables(environment) }
}

/** The settings of an object or of a parsed file; null stands for not given. */
export function settingsSource(
  given: ReadonlyMap<string, string> | Readonly<Record<string, SettingValue | bigint | undefined>>,
  from: string,
): SettingsSource {
  const entries = given instanceof Map ? [...given] : Object.entries(given)
  const settings = entries
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => ({ name, value: Array.isArray(value) ? value.join(',') : String(value), from }))
  return { settings }
}

/**
 * Settles what holds among the sources, the first of which wins, or throws a ConfigError with all that is wrong.
 */
export function resolveConfig(sources: readonly SettingsSource[]): Resolution {
  const given = merge(sources)
  const problems: string[] = []
  const warnings = sources.flatMap((source) => source.warnings ?? [])
  const meaningless: string[] = []
  for (const setting of given.values()) {
    const row = brokerSetting(setting.name)
    if (row === null) {
      if (isForeignName(setting.name)) meaningless.push(setting.name)
      else judgeUnknown(setting, problems, warnings)
      continue
    }
    const problem = judgeValue(setting)
    if (problem !== null) problems.push(problem)
    if (row.status === 'accepted') meaningless.push(setting.name)
  }
  const config = new BrokerConfig(given.values())
  problems.push(...crossCheck(config))
  if (problems.length > 0) throw new ConfigError(problems)
  const notes = meaningless.length === 0 ? [] : [`Accepted, and without meaning here: ${meaningless.sort().join(', ')}.`]
  return { config, warnings: [...warnings, ...doubts(config)], notes }
}

function merge(sources: readonly SettingsSource[]): Map<string, GivenSetting> {
  const merged = new Map<string, GivenSetting>()
  let listen: NonNullable<SettingsSource['listen']> = {}
  for (const source of sources) {
    listen = { ...source.listen, ...listen }
    const own = new Map(source.settings.map((setting) => [setting.name, setting]))
    // One number by two names: where a source gives either, the other name of a source below it no longer counts.
    const hasNodeId = merged.has('node.id') || merged.has('broker.id')
    for (const [name, setting] of own) {
      if (!(hasNodeId && (name === 'node.id' || name === 'broker.id')) && !merged.has(name)) merged.set(name, setting)
    }
  }
  sameNodeId(merged)
  if (listen.host !== undefined || listen.port !== undefined) move(merged, listen)
  return merged
}

/** `broker.id` is the older name of `node.id`; -1 asked ZooKeeper for a number. */
function sameNodeId(merged: Map<string, GivenSetting>): void {
  const [nodeId, brokerId] = [merged.get('node.id'), merged.get('broker.id')]
  if (nodeId === undefined && brokerId !== undefined && brokerId.value.trim() !== '-1') {
    merged.set('node.id', { ...brokerId, name: 'node.id' })
  } else if (nodeId !== undefined && brokerId === undefined) merged.set('broker.id', { ...nodeId, name: 'broker.id' })
}

function move(merged: Map<string, GivenSetting>, to: { readonly host?: string; readonly port?: number }): void {
  const elements = (name: 'listeners' | 'controller.listener.names'): readonly string[] =>
    merged
      .get(name)
      ?.value.split(',')
      .map((element) => element.trim()) ?? brokerSettings[name].defaultValue
  const value = moveFirstListener(elements('listeners'), elements('controller.listener.names'), to)
  const flags = [to.host === undefined ? '' : '--host', to.port === undefined ? '' : '--port']
  merged.set('listeners', { name: 'listeners', value, from: flags.filter(Boolean).join(', ') })
}

const knownNames = Object.keys(brokerSettings)

function judgeUnknown({ name, from }: GivenSetting, problems: string[], warnings: string[]): void {
  const meant = closestName(name, knownNames)
  if (meant === null) warnings.push(`There is no setting ${name} (${from}); it is passed over.`)
  else problems.push(`There is no setting ${name} (${from}): did you mean ${meant}?`)
}

/** What is wrong with a value, or with asking for it, in a sentence. */
function judgeValue({ name, value, from }: GivenSetting): string | null {
  const row = brokerSetting(name)!
  try {
    const parsed = parseValue(row, name, value)
    const reason = row.refuse?.(parsed.value, name) ?? null
    return reason === null ? null : `${reason} (${from})`
  } catch (error) {
    if (error instanceof KafkaError) return `${error.message} (${from})`
    throw error
  }
}

/** What is legal and may yet not be what was meant. */
function doubts(config: BrokerConfig): string[] {
  const others = config.get('controller.quorum.voters').length > 1 || !config.get('process.roles').includes('controller')
  return others
    ? ['This node is its own controller: the controllers that its settings name are not asked, and it joins no other node.']
    : []
}
