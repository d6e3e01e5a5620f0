import { KafkaError } from '../../../protocol/errors.ts'
import { type ConfigEntry, configSources, configTypes } from '../../config/describe-config.ts'
import type { Logger } from '../../environment/logger.ts'

/** Kafka has a logger for each class (KIP-412). Here there is one, and its level is chosen at the start. */
const ROOT = 'root'
const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const

export function describeBrokerLogger(logger: Logger): ConfigEntry[] {
  const level = levels.find((one) => logger.isLevelEnabled(one)) ?? 'fatal'
  return [
    {
      name: ROOT,
      value: level.toUpperCase(),
      readOnly: true,
      source: configSources.brokerLogger,
      sensitive: false,
      synonyms: [],
      type: configTypes.unknown,
      documentation: null,
    },
  ]
}

export const brokerLoggerRefusal = (): KafkaError =>
  new KafkaError('INVALID_REQUEST', 'The level of the broker logger is chosen at the start and cannot be changed while it runs.')
