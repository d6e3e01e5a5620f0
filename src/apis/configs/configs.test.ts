import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { alterConfigs } from '../../../protocol/messages/alter-configs.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { describeConfigs } from '../../../protocol/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../../protocol/messages/incremental-alter-configs.ts'
import { listConfigResources } from '../../../protocol/messages/list-config-resources.ts'
import { newTopic, testBroker } from '../test-broker.ts'

const TOPIC = 2
const BROKER = 4
const LOGGER = 8
const METRICS = 16
const GROUP = 32
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const

const broker = testBroker({ topics: { orders: 1 }, config: { 'num.partitions': 3 } })

type Key = readonly [type: number, name: string, keys?: readonly string[] | null]
const describeResources = (
  version: number,
  resources: readonly Key[],
  more: { synonyms?: boolean; documentation?: boolean } = {},
) =>
  broker.ask(describeConfigs, version, {
    resources: resources.map(([resourceType, resourceName, configurationKeys = null]) => ({
      resourceType,
      resourceName,
      configurationKeys,
    })),
    includeSynonyms: more.synonyms ?? false,
    includeDocumentation: more.documentation ?? false,
  })

async function settingOf(type: number, name: string, key: string) {
  const { results } = await describeResources(4, [[type, name, [key]]], { synonyms: true })
  return results[0]!.configs[0]
}

type Change = readonly [name: string, operation: number, value: string | null]
type Changed = readonly [type: number, name: string, ...changes: Change[]]
async function change(resources: readonly Changed[], validateOnly = false, version = 1) {
  const { responses } = await broker.ask(incrementalAlterConfigs, version, {
    resources: resources.map(([resourceType, resourceName, ...changes]) => ({
      resourceType,
      resourceName,
      configs: changes.map(([name, configOperation, value]) => ({ name, configOperation, value })),
    })),
    validateOnly,
  })
  return responses.map((response) => [errorName(response.errorCode), response.errorMessage])
}

async function replace(resources: readonly (readonly [number, string, Record<string, string | null>])[], version = 2) {
  const { responses } = await broker.ask(alterConfigs, version, {
    resources: resources.map(([resourceType, resourceName, configs]) => ({
      resourceType,
      resourceName,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })),
    validateOnly: false,
  })
  return responses.map((response) => [errorName(response.errorCode), response.errorMessage])
}

async function topic(name: string): Promise<string> {
  const topics = [newTopic(name)]
  await broker.ask(createTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  return name
}

const done = ['NONE', null]

describe('DescribeConfigs', () => {
  test.each([0, 1, 2, 3, 4])('version %i tells all settings of a topic where none or no list is named', async (version) => {
    for (const keys of [null, []]) {
      const { results } = await describeResources(version, [[TOPIC, 'orders', keys]])
      expect(results[0]).toMatchObject({ errorCode: 0, errorMessage: '', resourceType: TOPIC, resourceName: 'orders' })
      const { configs } = results[0]!
      expect(configs.length).toBeGreaterThan(30)
      expect(configs.find(({ name }) => name === 'retention.ms')).toEqual({
        name: 'retention.ms',
        value: '604800000',
        readOnly: false,
        isDefault: version === 0,
        configSource: version === 0 ? -1 : 5,
        isSensitive: false,
        synonyms: [],
        configType: version < 3 ? 0 : 5,
        documentation: version < 3 ? '' : null,
      })
    }
  })

  test('tells synonyms and documentation where they are asked for', async () => {
    const { results } = await describeResources(4, [[TOPIC, 'orders', ['max.message.bytes']]], {
      synonyms: true,
      documentation: true,
    })
    expect(results[0]!.configs).toMatchObject([
      { synonyms: [{ name: 'message.max.bytes', value: '1048588', source: 5 }], documentation: expect.any(String) },
    ])
  })

  test('tells the settings of the broker, and hides passwords', async () => {
    const keys = ['num.partitions', 'ssl.keystore.password', 'nothing.such']
    const { results } = await describeResources(4, [[BROKER, '1', keys]])
    expect(results[0]!.configs).toMatchObject([
      { name: 'num.partitions', value: '3', configSource: 4, readOnly: true, configType: 3 },
      { name: 'ssl.keystore.password', value: null, isSensitive: true, configType: 9 },
    ])
  })

  test('tells for all brokers what was changed for all', async () => {
    const { results } = await describeResources(4, [[BROKER, '', null]])
    expect(results[0]!.configs.every(({ configSource }) => configSource === 3)).toBe(true)
  })

  test('tells groups, client metrics and the logger', async () => {
    const { results } = await describeResources(4, [
      [GROUP, 'readers', ['consumer.session.timeout.ms']],
      [METRICS, 'subscription'],
      [LOGGER, '1'],
    ])
    expect(results.map(({ configs }) => configs.map(({ name, value }) => [name, value]))).toEqual([
      [['consumer.session.timeout.ms', '45000']],
      [
        ['interval.ms', '300000'],
        ['match', ''],
        ['metrics', ''],
      ],
      [['root', expect.any(String)]],
    ])
    expect(results[2]!.configs).toMatchObject([{ readOnly: true, configSource: 6 }])
  })

  test.each<[string, Key, string | null]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', [TOPIC, 'unknown'], null],
    ['INVALID_TOPIC_EXCEPTION', [TOPIC, 'x y'], null],
    ['INVALID_REQUEST', [BROKER, 'x'], 'Broker id must be an integer, but it is: x'],
    ['INVALID_REQUEST', [BROKER, '7'], 'Unexpected broker id, expected 1 or empty string, but received 7'],
    ['INVALID_REQUEST', [LOGGER, ''], 'Broker id must not be empty'],
    ['INVALID_REQUEST', [LOGGER, '9'], 'Unexpected broker id, expected 1 but received 9'],
    ['INVALID_REQUEST', [METRICS, ''], 'Client metrics subscription name must not be empty'],
    ['INVALID_REQUEST', [GROUP, ''], 'Group name must not be empty'],
  ])('answers %s for %j, and the others beside it', async (error, resource, message) => {
    const { results } = await describeResources(4, [resource, [TOPIC, 'orders']])
    expect(results.map((result) => errorName(result.errorCode))).toEqual([error, 'NONE'])
    expect(results[0]!.configs).toEqual([])
    if (message !== null) expect(results[0]!.errorMessage).toBe(message)
  })

  test('refuses the whole request for a type that is not known', async () => {
    const { results } = await describeResources(4, [
      [TOPIC, 'orders'],
      [99, 'x'],
    ])
    expect(results.map((result) => errorName(result.errorCode))).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
  })

  test('answers a resource that is named twice once, with the settings of both', async () => {
    const named = async (resources: readonly Key[]) =>
      (await describeResources(4, resources)).results.map(({ resourceName, configs }) => [
        resourceName,
        configs.length > 2 ? 'all' : configs.map(({ name }) => name).join(' '),
      ])
    expect(
      await named([
        [TOPIC, 'orders', ['retention.ms']],
        [GROUP, 'orders', ['x']],
        [TOPIC, 'orders', ['cleanup.policy']],
      ]),
    ).toEqual([
      ['orders', 'cleanup.policy retention.ms'],
      ['orders', ''],
    ])
    expect(
      await named([
        [TOPIC, 'orders', ['retention.ms']],
        [TOPIC, 'orders', []],
      ]),
    ).toEqual([['orders', 'all']])
    expect(await named(Array.from({ length: 50_000 }, () => [BROKER, '1']))).toEqual([['1', 'all']])
  })

  test('tells no more than half a million settings in one answer', async () => {
    const { results } = await describeResources(
      4,
      Array.from({ length: 60_000 }, (_, index) => [GROUP, `group-${index}`]),
    )
    const told = results.filter(({ errorCode }) => errorCode === 0)
    const count = told.reduce((sum, { configs }) => sum + configs.length, 0)
    expect(results.length).toBe(60_000)
    expect(count).toBeGreaterThanOrEqual(500_000)
    expect(count).toBeLessThan(501_000)
    expect(errorName(results.at(-1)!.errorCode)).toBe('INVALID_REQUEST')
  })
})

describe('IncrementalAlterConfigs', () => {
  test.each([0, 1])('version %i sets, and leaves alone what it does not name', async (version) => {
    const name = await topic(`set-by-${version}`)
    expect(await change([[TOPIC, name, ['retention.ms', SET, '5000']]], false, version)).toEqual([done])
    expect(await change([[TOPIC, name, ['segment.ms', SET, '9999']]], false, version)).toEqual([done])
    expect(await settingOf(TOPIC, name, 'retention.ms')).toMatchObject({ value: '5000', configSource: 1 })
    expect(await change([[TOPIC, name, ['retention.ms', DELETE, null]]], false, version)).toEqual([done])
    expect(await settingOf(TOPIC, name, 'retention.ms')).toMatchObject({ value: '604800000', configSource: 5 })
  })

  test('appends to a list and subtracts from it', async () => {
    const name = await topic('lists')
    expect(await change([[TOPIC, name, ['cleanup.policy', APPEND, 'compact']]])).toEqual([done])
    expect(await settingOf(TOPIC, name, 'cleanup.policy')).toMatchObject({ value: 'delete,compact' })
    expect(await change([[TOPIC, name, ['cleanup.policy', SUBTRACT, 'delete,compact']]])).toEqual([done])
    expect(await settingOf(TOPIC, name, 'cleanup.policy')).toMatchObject({ value: '', configSource: 1 })
  })

  test('changes nothing when it is only to be tried', async () => {
    expect(await change([[TOPIC, 'orders', ['retention.ms', SET, '1']]], true)).toEqual([done])
    expect(await settingOf(TOPIC, 'orders', 'retention.ms')).toMatchObject({ configSource: 5 })
  })

  test.each<[string, string, Changed]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', "The topic 'unknown' does not exist.", [TOPIC, 'unknown', ['retention.ms', SET, '1']]],
    ['INVALID_CONFIG', 'Unknown topic config name: nope', [TOPIC, 'orders', ['nope', SET, '1']]],
    [
      'INVALID_CONFIG',
      'Invalid value x for configuration retention.ms: Not a number of type LONG',
      [TOPIC, 'orders', ['retention.ms', SET, 'x']],
    ],
    [
      'INVALID_CONFIG',
      "Can't APPEND to key retention.ms because its type is not LIST.",
      [TOPIC, 'orders', ['retention.ms', APPEND, '1']],
    ],
    ['INVALID_REQUEST', 'Null value not supported for : retention.ms', [TOPIC, 'orders', ['retention.ms', SET, null]]],
    [
      'INVALID_REQUEST',
      'Error due to duplicate config keys',
      [TOPIC, 'orders', ['retention.ms', SET, '1'], ['retention.ms', SET, '2']],
    ],
    ['INVALID_REQUEST', 'Default topic resources are not allowed.', [TOPIC, '', ['retention.ms', SET, '1']]],
    ['INVALID_REQUEST', 'Cannot update these configs dynamically: [num.partitions]', [BROKER, '1', ['num.partitions', SET, '3']]],
    ['INVALID_REQUEST', 'Unexpected broker id, expected 1, but received 2', [BROKER, '2', ['message.max.bytes', SET, '3']]],
    ['INVALID_REQUEST', 'Unknown resource type 99', [99, 'x', ['a', SET, 'b']]],
    ['INVALID_REQUEST', "Subscription name can't be empty", [METRICS, '', ['interval.ms', SET, '1000']]],
    ['INVALID_CONFIG', 'Unknown group config name: nope', [GROUP, 'readers', ['nope', SET, '1']]],
  ])('answers %s: %s', async (error, message, resource) => {
    expect(await change([resource])).toEqual([[error, message]])
  })

  test('does not change the logger, and says why', async () => {
    expect(await change([[LOGGER, '1', ['root', SET, 'DEBUG']]])).toEqual([
      ['INVALID_REQUEST', expect.stringContaining('at the start')],
    ])
  })

  test.each([
    ['1', 'listeners'],
    ['', 'max.connections'],
  ])('of the broker %j does not take %s, which would not be followed', async (name, setting) => {
    const value = setting === 'listeners' ? 'PLAINTEXT://127.0.0.1:9' : '10'
    expect(await change([[BROKER, name, [setting, SET, value]]])).toEqual([
      ['INVALID_REQUEST', `These configs are read when the broker starts and cannot be updated dynamically: [${setting}]`],
    ])
  })

  test('refuses a resource that is named twice each time', async () => {
    const twice: Changed = [TOPIC, 'orders', ['retention.ms', SET, '1']]
    const refused = ['INVALID_REQUEST', 'Each resource must appear at most once.']
    expect(await change([twice, twice])).toEqual([refused, refused])
  })

  test('of all brokers holds at once, for topics too', async () => {
    expect(await change([[BROKER, '', ['log.retention.ms', SET, '86400000']]])).toEqual([done])
    expect(await settingOf(BROKER, '1', 'log.retention.ms')).toMatchObject({ value: '86400000', configSource: 3 })
    expect(await settingOf(TOPIC, 'orders', 'retention.ms')).toMatchObject({ value: '86400000', configSource: 3 })
    expect(await change([[BROKER, '', ['log.retention.ms', DELETE, null]]])).toEqual([done])
    expect(await settingOf(TOPIC, 'orders', 'retention.ms')).toMatchObject({ configSource: 5 })
  })
})

describe('AlterConfigs', () => {
  test.each([0, 1, 2])('version %i resets what it does not name', async (version) => {
    const name = await topic(`replaced-by-${version}`)
    expect(await replace([[TOPIC, name, { 'retention.ms': '5000' }]], version)).toEqual([done])
    expect(await replace([[TOPIC, name, { 'segment.ms': '9999' }]], version)).toEqual([done])
    expect(await settingOf(TOPIC, name, 'segment.ms')).toMatchObject({ value: '9999', configSource: 1 })
    expect(await settingOf(TOPIC, name, 'retention.ms')).toMatchObject({ configSource: 5 })
  })

  test('answers each resource', async () => {
    const answers = await replace([
      [TOPIC, 'unknown', { 'segment.ms': '9999' }],
      [TOPIC, 'orders', { 'segment.ms': '-4' }],
      [LOGGER, '1', { root: 'INFO' }],
      [GROUP, 'readers', { 'consumer.session.timeout.ms': null }],
    ])
    expect(answers.map(([error]) => error)).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
    ])
  })
})

describe('ListConfigResources', () => {
  const list = async (version: number, resourceTypes: readonly number[] = []) => {
    const { errorCode, configResources } = await broker.ask(listConfigResources, version, { resourceTypes })
    return [errorName(errorCode), ...configResources.map(({ resourceType, resourceName }) => `${resourceType} ${resourceName}`)]
  }

  test('version 0 knows client metrics alone, version 1 all types', async () => {
    const subscription: Changed = [METRICS, 'listed', ['interval.ms', SET, '1000']]
    const group: Changed = [GROUP, 'listed', ['consumer.session.timeout.ms', SET, '50000']]
    expect(await change([subscription, group])).toEqual([done, done])
    expect(await list(0)).toEqual(['NONE', '16 listed'])
    expect(await list(1)).toEqual(expect.arrayContaining(['32 listed', '16 listed', '8 1', '4 1', '2 orders']))
    expect(await list(1, [BROKER, GROUP, BROKER])).toEqual(['NONE', '32 listed', '4 1'])
    expect(await list(1, [64])).toEqual(['UNSUPPORTED_VERSION'])
    expect(
      await replace([
        [METRICS, 'listed', {}],
        [GROUP, 'listed', {}],
      ]),
    ).toEqual([done, done])
    expect(await list(1, [METRICS, GROUP])).toEqual(['NONE'])
  })
})
