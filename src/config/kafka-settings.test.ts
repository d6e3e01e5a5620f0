import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { type BrokerSettingName, brokerSettings } from './broker-settings.ts'
import { clientMetricsSettings } from './client-metrics-settings.ts'
import { groupBrokerNames, groupResourceSettings } from './group-settings.ts'
import { type Setting, validValues } from './setting.ts'
import { parseValue } from './setting-value.ts'
import { brokerNames, topicSettings } from './topic-settings.ts'

interface KafkaRow {
  readonly kind: string
  readonly name: string
  readonly type: string
  readonly default: string
  readonly valid: string
  readonly importance: string
  readonly internal: string
  readonly update: string
  readonly synonym: string
}

// The settings as Kafka 4.4.0 defines them; the compiled test stands in dist/src/config.
const table = readFileSync(new URL('../../../src/config/kafka-settings.tsv', import.meta.url), 'utf8')
const rows = table
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line): KafkaRow => {
    const [
      kind = '',
      name = '',
      type = '',
      standard = '',
      valid = '',
      importance = '',
      internal = '',
      update = '',
      synonym = '',
    ] = line.split('\t')
    return { kind, name, type, default: standard, valid, importance, internal, update, synonym }
  })

/** Where a default is ours on purpose. */
const ourDefaults: Readonly<Record<string, string>> = {
  'controller.listener.names': 'CONTROLLER',
  'group.consumer.assignment.interval.ms': '0',
  'group.initial.rebalance.delay.ms': '0',
  listeners: 'PLAINTEXT://localhost:9092',
  'log.dir': './grete-data',
  'node.id': '1',
  'process.roles': 'broker,controller',
}

/** Validators of Kafka that show no rule, or one that its checks do not have. */
const validAs = (valid: string): string => (valid === 'non-null string' || valid === 'non-empty list' ? '' : valid)

const tables: Readonly<Record<string, Readonly<Record<string, Setting>>>> = {
  broker: brokerSettings,
  dynamic: brokerSettings,
  topic: topicSettings,
  group: groupResourceSettings,
  'client-metrics': clientMetricsSettings,
}

describe('the settings', () => {
  test('are all that Kafka 4.4 knows', () => {
    expect(rows.length).toBe(450)
    expect(rows.filter(({ kind, name }) => tables[kind]?.[name] === undefined)).toEqual([])
  })

  test.each(rows)('$kind $name is as in Kafka', (row) => {
    const setting = tables[row.kind]![row.name]!
    const standard = row.kind === 'broker' ? (ourDefaults[row.name] ?? row.default) : row.default
    expect({
      type: setting.type,
      default: String(setting.defaultText),
      valid: validValues(setting),
      importance: setting.importance,
      internal: String(setting.internal),
      update: setting.update,
    }).toEqual({
      type: row.type,
      default: standard,
      valid: validAs(row.valid),
      importance: row.importance,
      // What can only be set while a broker runs is shown only then.
      internal: row.kind === 'dynamic' ? 'true' : row.internal,
      update: row.update,
    })
  })

  test('of topics and groups fall back to the broker settings that Kafka takes', () => {
    const ours = { topic: brokerNames, group: groupBrokerNames } as Record<string, Record<string, BrokerSettingName>>
    for (const { kind, name, synonym } of rows.filter((row) => row.kind === 'topic' || row.kind === 'group')) {
      expect([name, ours[kind]?.[name] ?? '']).toEqual([name, synonym])
    }
  })

  test('have defaults that they accept, and a sentence each', () => {
    for (const settings of Object.values(tables)) {
      for (const [name, setting] of Object.entries(settings)) {
        expect(setting.doc).toMatch(/^\S.*\.$/)
        if (setting.defaultText === null) continue
        expect([name, parseValue(setting, name, setting.defaultText)]).toEqual([
          name,
          { value: setting.defaultValue, text: setting.defaultText },
        ])
        expect(setting.refuse?.(setting.defaultValue, name) ?? null).toBeNull()
      }
    }
  })
})
