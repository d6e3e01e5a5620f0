import type { BrokerConfig } from './broker-config.ts'
import { brokerSetting, brokerSettings } from './broker-settings.ts'

/** A setting for people's eyes. */
export interface ShownSetting {
  readonly name: string
  readonly value: string
  readonly from: string
  readonly doc: string | null
}

/** What holds and from where: all that was given, and every setting that is in use. Passwords are not shown. */
export function shownSettings(config: BrokerConfig): ShownSetting[] {
  const names = new Set(Array.from(config.given, ({ name }) => name))
  for (const [name, setting] of Object.entries(brokerSettings))
    if (setting.status === 'used' && !setting.internal) names.add(name)
  return [...names].sort().map((name) => {
    const setting = brokerSetting(name)
    const hidden = setting === null || setting.type === 'password'
    return { name, value: hidden ? '[hidden]' : (config.text(name) ?? ''), from: config.from(name), doc: setting?.doc ?? null }
  })
}
