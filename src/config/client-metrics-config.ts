import { KafkaError } from '../../protocol/errors.ts'
import { clientMetricsSettings } from './client-metrics-settings.ts'
import type { Setting } from './setting.ts'
import { parseValue } from './setting-value.ts'

const matchable: ReadonlySet<string> = new Set([
  'client_id',
  'client_instance_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])

/** The row of a setting of a client metrics subscription. */
export function clientMetricsSetting(name: string): Setting | null {
  return Object.hasOwn(clientMetricsSettings, name) ? clientMetricsSettings[name as keyof typeof clientMetricsSettings] : null
}

/** Checks what a subscription is to be set to, or throws with Kafka's error and words. */
export function checkClientMetricsOverrides(overrides: ReadonlyMap<string, string>): void {
  for (const [name, text] of overrides) {
    const setting = clientMetricsSetting(name)
    if (setting === null) throw new KafkaError('INVALID_REQUEST', `Unknown client metrics configuration: ${name}`)
    const { value } = parseValue(setting, name, text)
    if (name === 'interval.ms' && (Number(value) < 100 || Number(value) > 3_600_000)) {
      const words = `Invalid value ${value} for ${name}, interval must be between 100 and 3600000 (1 hour)`
      throw new KafkaError('INVALID_REQUEST', words)
    }
    if (name === 'match' && Array.isArray(value)) value.forEach(checkPattern)
  }
}

function checkPattern(pattern: string): void {
  const [parameter = '', expression = '', ...more] = pattern.split('=')
  const legal =
    matchable.has(parameter.trim()) && expression.trim() !== '' && more.length === 0 && isExpression(expression.trim())
  if (!legal) throw new KafkaError('INVALID_CONFIG', `Illegal client matching pattern: ${pattern}`)
}

function isExpression(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}
