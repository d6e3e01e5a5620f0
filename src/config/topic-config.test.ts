import { describe, expect, test } from '@jest/globals'
import { applyConfigChanges, checkConfigChanges, configOperations } from './config-operations.ts'
import { describeBroker, describeGroup, describeTopic } from './describe-config.ts'
import { checkBrokerOverrides } from './dynamic-broker-config.ts'
import { checkGroupOverrides, groupValue } from './group-config.ts'
import { resolveConfig, settingsSource } from './resolve-config.ts'
import { checkTopicOverrides, resolveTopicConfig } from './topic-config.ts'
import { isTopicSetting, topicSettings } from './topic-settings.ts'

const broker = resolveConfig([settingsSource({ 'log.retention.hours': '24', 'message.max.bytes': '2000000' }, 'file')]).config
const map = (entries: Record<string, string>): Map<string, string> => new Map(Object.entries(entries))

const errorOf = (run: () => unknown): [unknown, unknown] => {
  try {
    run()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    return [code, message]
  }
  return [null, null]
}

describe('the settings of a topic', () => {
  test('are those of the broker where the topic has none, hours turned into milliseconds', () => {
    const config = resolveTopicConfig(new Map(), broker)
    expect(config).toMatchObject({
      retentionMs: 86400000,
      maxMessageBytes: 2000000,
      segmentMs: 604800000,
      compact: false,
      delete: true,
      compression: null,
      timestampType: 'CreateTime',
    })
    expect(config.maxCompactionLagMs).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })

  test('go before those of the broker', () => {
    const overrides = map({
      'cleanup.policy': 'compact,delete',
      'compression.type': 'gzip',
      'compression.gzip.level': '5',
      'retention.ms': '-1',
    })
    expect(resolveTopicConfig(overrides, broker)).toMatchObject({
      compact: true,
      delete: true,
      compression: { type: 'gzip', level: 5 },
      retentionMs: -1,
    })
    expect(resolveTopicConfig(map({ 'internal.segment.bytes': '100' }), broker).segmentBytes).toBe(100)
  })

  test('that another release wrote and that do not parse are passed over', () => {
    expect(resolveTopicConfig(map({ 'segment.ms': 'soon', 'nobody.knows': '1' }), broker).segmentMs).toBe(604800000)
  })

  test.each([
    [{ 'nobody.knows': '1' }, 'Unknown topic config name: nobody.knows'],
    [{ 'message.timestamp.difference.max.ms': '1' }, 'Unknown topic config name: message.timestamp.difference.max.ms'],
    [{ 'segment.bytes': '1048575' }, 'Invalid value 1048575 for configuration segment.bytes: Value must be at least 1048576'],
    [{ 'retention.ms': 'x' }, 'Invalid value x for configuration retention.ms: Not a number of type LONG'],
    [{ 'cleanup.policy': 'compact,compact' }, "Configuration 'cleanup.policy' values must not be duplicated."],
    [
      { 'compression.type': 'GZIP' },
      'Invalid value GZIP for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
    ],
    [
      { 'compression.gzip.level': '0' },
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [
      { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' },
      'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    ],
    [
      { 'remote.storage.enable': 'true' },
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    ],
    [
      { 'leader.replication.throttled.replicas': '1:2,x' },
      'Invalid value [1:2, x] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be ' +
        "the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
    ],
  ])('%j are refused in the words of Kafka', (overrides, words) => {
    expect(errorOf(() => checkTopicOverrides(map(overrides as Record<string, string>), broker))).toEqual([
      'INVALID_CONFIG',
      words,
    ])
  })

  test('without a value are refused', () => {
    expect(errorOf(() => checkTopicOverrides(new Map([['retention.ms', null]]), broker))).toEqual([
      'INVALID_CONFIG',
      'Null value not supported for topic configs: retention.ms',
    ])
  })

  test('may have an empty cleanup.policy; those of old tools are dropped', () => {
    const kept = checkTopicOverrides(map({ 'cleanup.policy': '', 'message.format.version': '2.8' }), broker)
    expect([...kept]).toEqual([['cleanup.policy', '']])
    expect(resolveTopicConfig(kept, broker)).toMatchObject({ compact: false, delete: false })
  })
})

describe('IncrementalAlterConfigs', () => {
  const settingOf = (name: string) => (isTopicSetting(name) ? topicSettings[name] : null)
  const apply = (current: Record<string, string>, operation: number, name: string, value: string | null) =>
    Object.fromEntries(applyConfigChanges(map(current), [{ name, operation, value }], settingOf))

  test('appends to a list, or to its default, what is not there yet', () => {
    expect(apply({}, configOperations.append, 'cleanup.policy', 'compact')).toEqual({ 'cleanup.policy': 'delete,compact' })
    expect(apply({ 'cleanup.policy': 'compact' }, configOperations.append, 'cleanup.policy', 'compact')).toEqual({
      'cleanup.policy': 'compact',
    })
  })

  test('may subtract all of a list', () => {
    expect(apply({}, configOperations.subtract, 'cleanup.policy', 'delete')).toEqual({ 'cleanup.policy': '' })
  })

  test('sets and deletes', () => {
    expect(apply({}, configOperations.set, 'retention.ms', '5')).toEqual({ 'retention.ms': '5' })
    expect(apply({ 'retention.ms': '5' }, configOperations.delete, 'retention.ms', null)).toEqual({})
  })

  test('refuses to append to what is no list', () => {
    expect(errorOf(() => apply({}, configOperations.append, 'retention.ms', '5'))).toEqual([
      'INVALID_CONFIG',
      "Can't APPEND to key retention.ms because its type is not LIST.",
    ])
  })

  test('refuses a setting named twice, and a missing value', () => {
    const change = { name: 'retention.ms', operation: configOperations.set, value: null }
    expect(errorOf(() => checkConfigChanges([change, change]))[0]).toBe('INVALID_REQUEST')
    expect(errorOf(() => checkConfigChanges([change]))).toEqual([
      'INVALID_REQUEST',
      'Null value not supported for : retention.ms',
    ])
  })
})

describe('DescribeConfigs', () => {
  test('shows a topic setting with the chain that it comes from', () => {
    const running = broker.withDynamic(new Map(), map({ 'log.segment.bytes': '2000000' }))
    const entries = new Map(
      describeTopic(map({ 'cleanup.policy': 'compact, delete', 'segment.bytes': '+3000000' }), running).map((e) => [e.name, e]),
    )
    expect(entries.get('cleanup.policy')).toMatchObject({ value: 'compact,delete', source: 1, type: 7, readOnly: false })
    expect(entries.get('segment.bytes')).toMatchObject({
      value: '3000000',
      source: 1,
      synonyms: [
        { name: 'segment.bytes', value: '3000000', source: 1 },
        { name: 'log.segment.bytes', value: '2000000', source: 3 },
        { name: 'log.segment.bytes', value: '1073741824', source: 5 },
      ],
    })
    // As in Kafka: hours are no synonym of milliseconds, though the value comes from them.
    expect(entries.get('retention.ms')).toMatchObject({ value: '86400000', source: 5, synonyms: [] })
    expect(entries.get('flush.messages')?.value).toBe('9223372036854775807')
    expect(entries.get('min.cleanable.dirty.ratio')?.value).toBe('0.5')
    expect(entries.has('internal.segment.bytes')).toBe(false)
  })

  test('shows of a broker what is set, and no passwords', () => {
    const config = resolveConfig([
      settingsSource({ 'node.id': 1, 'super.users': 'User:x', 'ssl.key.password': 'x' }, 'file'),
    ]).config
    const entries = new Map(describeBroker(config).map((entry) => [entry.name, entry]))
    expect(entries.get('super.users')).toMatchObject({ value: null, sensitive: true, type: 0, readOnly: true, source: 4 })
    expect(entries.get('ssl.key.password')).toMatchObject({ value: null, sensitive: true, type: 9 })
    expect(entries.get('broker.id')).toMatchObject({ value: '1', source: 4 })
    expect(entries.get('log.cleaner.io.max.bytes.per.second')?.value).toBe('1.7976931348623157E308')
    expect(entries.has('unstable.api.versions.enable')).toBe(false)
  })

  test('shows a group what it has from the broker', () => {
    const entries = new Map(
      describeGroup(map({ 'consumer.session.timeout.ms': '50000' }), broker).map((entry) => [entry.name, entry]),
    )
    expect(entries.get('consumer.session.timeout.ms')).toMatchObject({ value: '50000', source: 8 })
    expect(entries.get('share.session.timeout.ms')).toMatchObject({ value: '45000', source: 5 })
  })
})

describe('settings that change while a broker runs', () => {
  test.each([
    ['node', { 'num.partitions': '3' }, 'Cannot update these configs dynamically: [num.partitions]'],
    [
      'all nodes',
      { 'ssl.keystore.location': 'x' },
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]',
    ],
    ['node', { 'log.segment.bytes': 'abc' }, 'Invalid value abc for configuration log.segment.bytes: Not a number of type INT'],
    [
      'all nodes',
      { listeners: 'x' },
      'Cannot update these configs at default cluster level, broker id must be specified: [listeners]',
    ],
  ] as const)('for %s: %j is refused in the words of Kafka', (target, overrides, words) => {
    expect(errorOf(() => checkBrokerOverrides(map(overrides), target))).toEqual(['INVALID_REQUEST', words])
  })

  test('hold at once for topics', () => {
    checkBrokerOverrides(map({ 'log.retention.ms': '5000', 'nobody.knows': 'x' }), 'all nodes')
    const running = broker.withDynamic(new Map(), map({ 'log.retention.ms': '5000' }))
    expect(resolveTopicConfig(new Map(), running).retentionMs).toBe(5000)
  })
})

describe('the settings of a group', () => {
  test('lie within the bounds of the broker', () => {
    expect(errorOf(() => checkGroupOverrides(map({ 'consumer.session.timeout.ms': '44999' }), broker))).toEqual([
      'INVALID_CONFIG',
      'consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ])
    expect(groupValue('consumer.session.timeout.ms', map({ 'consumer.session.timeout.ms': '99999' }), broker)).toBe(60000)
    checkGroupOverrides(map({ 'share.auto.offset.reset': 'by_duration:PT1H' }), broker)
  })
})
