import { KafkaError } from '../../protocol/errors.ts'
import { brokerSetting, listenerOverrideOf } from './broker-settings.ts'
import type { Setting, SettingValue } from './setting.ts'
import { parseValue } from './setting-value.ts'

const refuse = (words: string, names: readonly string[]): never => {
  throw new KafkaError('INVALID_REQUEST', `${words}: [${names.join(', ')}]`)
}

/** What is INVALID_CONFIG for a topic is INVALID_REQUEST for a broker. */
function readValue(setting: Setting, name: string, text: string): SettingValue {
  try {
    return parseValue(setting, name, text).value
  } catch (error) {
    throw error instanceof KafkaError ? new KafkaError('INVALID_REQUEST', error.message) : error
  }
}

/** Limits that hold for all nodes, even where they are set for one listener. */
const listenerLimits: readonly string[] = ['max.connections', 'max.connection.creation.rate', 'num.network.threads']

/**
 * Checks what a node, or all of them, are to be set to while they run, or throws with Kafka's words. A value that asks
 * for something that is not built is refused here as at the start.
 */
export function checkBrokerOverrides(overrides: ReadonlyMap<string, string>, target: 'node' | 'all nodes'): void {
  const names = [...overrides.keys()]
  const fixed = names.filter((name) => brokerSetting(name)?.update === 'read-only')
  if (fixed.length > 0) refuse('Cannot update these configs dynamically', fixed)
  const unprefixed = names.filter((name) => /^ssl\./.test(name) && brokerSetting(name) !== null && name !== 'ssl.client.auth')
  if (unprefixed.length > 0) {
    refuse('These security configs can be dynamically updated only per-listener using the listener prefix', unprefixed)
  }
  for (const [name, text] of overrides) {
    const setting = brokerSetting(name)
    // Names that nobody knows are kept, as in Kafka: a plugin may read them.
    if (setting === null) continue
    const value = readValue(setting, name, text)
    const reason = setting.refuse?.(value, name) ?? null
    if (reason !== null) throw new KafkaError('INVALID_CONFIG', reason)
  }
  const perNode = names.filter((name) => {
    const overridden = listenerOverrideOf(name)
    return overridden === null ? brokerSetting(name)?.update === 'per-broker' : !listenerLimits.includes(overridden)
  })
  if (target === 'all nodes' && perNode.length > 0) {
    refuse('Cannot update these configs at default cluster level, broker id must be specified', perNode)
  }
}
