import type { BrokerConfig } from '../config/broker-config.ts'
import { shownSettings } from '../config/shown-settings.ts'

/** What holds and from where, one setting a line as a settings file has it, those that somebody gave first. */
export function printedConfig(config: BrokerConfig): string {
  const settings = shownSettings(config)
  const given = settings.filter(({ from }) => from !== 'default')
  const defaults = settings.filter(({ from }) => from === 'default')
  return [...given, ...defaults].map(({ name, value, from }) => `${`${name}=${value}`.padEnd(64)}  # ${from}`).join('\n')
}
