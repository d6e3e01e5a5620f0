import type { BrokerConfig } from '../config/broker-config.ts'
import { brokerSettings } from '../config/broker-settings.ts'

/** What holds and from where, one setting a line, those that somebody set first. */
export function printedConfig(config: BrokerConfig): string {
  const rows = Object.entries(brokerSettings)
    .filter(([, { status }]) => status === 'used')
    .map(([name, setting]) => {
      const text = config.text(name)
      return { name, text: setting.type === 'password' && text !== null ? '[hidden]' : text, from: config.from(name) }
    })
  const line = ({ name, text, from }: (typeof rows)[number]): string =>
    `${`${name} = ${text ?? '(not set)'}`.padEnd(70)} (${from})`
  const set = rows.filter(({ from }) => from !== 'default')
  const defaults = rows.filter(({ from }) => from === 'default')
  return [...set, ...defaults].map(line).join('\n')
}
