import { isForeignName } from './broker-settings/known-names.ts'
import { brokerSetting, brokerSettings } from './broker-settings.ts'
import { closestName } from './closest-name.ts'

/** The setting that a variable of the environment names, as Kafka's images read it: `_` is a dot, `__` `_`, `___` `-`. */
export function settingOfVariable(variable: string): string | null {
  if (!variable.startsWith('KAFKA_') || variable.length === 'KAFKA_'.length) return null
  return variable
    .slice('KAFKA_'.length)
    .toLowerCase()
    .replaceAll(/_+/g, (underscores) => ['', '.', '_', '-'][underscores.length] ?? underscores)
}

/** A setting that a variable gives. */
export interface VariableSetting {
  readonly name: string
  readonly variable: string
  readonly value: string
}

/**
 * The settings that an environment gives. Only variables that name something known count: `KAFKA_HEAP_OPTS`, `KAFKA_OPTS`
 * or the service links of Kubernetes (`KAFKA_PORT=tcp://...`, `KAFKA_SERVICE_HOST`) are for other programs. One that is
 * empty counts as not given: so do compose files pass on what is unset.
 */
export function environmentSettings(environment: Readonly<Record<string, string | undefined>>): readonly VariableSetting[] {
  const settings: VariableSetting[] = []
  for (const [variable, value] of Object.entries(environment)) {
    const name = settingOfVariable(variable)
    if (name === null || value === undefined || value.trim() === '' || /^tcp:\/\//.test(value)) continue
    if (brokerSetting(name) !== null || isForeignName(name)) settings.push({ name, variable, value })
  }
  return settings
}

/** A warning for each variable of an environment that is close to one that counts. */
export function misspeltVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const warnings: string[] = []
  for (const variable of Object.keys(environment)) {
    const name = settingOfVariable(variable)
    if (name === null || brokerSetting(name) !== null || isForeignName(name)) continue
    const meant = closestName(name, Object.keys(brokerSettings))
    if (meant !== null)
      warnings.push(`${variable} names no setting and is passed over: for ${meant}, it is ${variableOf(meant)}.`)
  }
  return warnings
}

const variableOf = (name: string): string =>
  `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`
