import { describe, expect, test } from '@jest/globals'
import { ConfigError } from './config-error.ts'
import { environmentSource, type Resolution, resolveConfig, settingsSource } from './resolve-config.ts'
import { parseProperties } from './server-properties.ts'
import { shownSettings } from './shown-settings.ts'

const resolve = (settings: Record<string, string>): Resolution => resolveConfig([settingsSource(settings, 'file')])

const problemsOf = (settings: Record<string, string>): readonly string[] => {
  try {
    resolve(settings)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).problems
  }
}

describe('a broker without settings', () => {
  test('is node 1 on 127.0.0.1 and ::1, keeps ./grete-data and does not delay the first rebalance', () => {
    const { config, warnings, notes } = resolveConfig([])
    expect(config.nodeId).toBe(1)
    expect(config.listeners).toEqual([{ name: 'PLAINTEXT', host: 'localhost', port: 9092, protocol: 'PLAINTEXT' }])
    expect(config.advertised('PLAINTEXT')).toBeUndefined()
    expect(config.dataDirectory).toBe('./grete-data')
    expect(config.get('group.initial.rebalance.delay.ms')).toBe(0)
    expect([warnings, notes]).toEqual([[], []])
  })
})

describe('the sources of settings', () => {
  test('go before each other in order: flags, environment, file', () => {
    const { config } = resolveConfig([
      settingsSource({ 'num.partitions': 3 }, '--set'),
      environmentSource({ KAFKA_NUM_PARTITIONS: '4', KAFKA_LOG_RETENTION_HOURS: '5' }),
      settingsSource(
        parseProperties('num.partitions=6\nlog.retention.hours=7\nlog.retention.minutes=8\nnode.id=0'),
        'server.properties',
      ),
    ])
    expect(config.get('num.partitions')).toBe(3)
    expect([
      config.from('num.partitions'),
      config.from('log.retention.hours'),
      config.from('node.id'),
      config.from('log.dir'),
    ]).toEqual(['--set', 'KAFKA_LOG_RETENTION_HOURS', 'server.properties', 'default'])
    expect(config.nodeId).toBe(0)
  })

  test('log.retention.ms goes before minutes and those before hours', () => {
    expect(resolve({ 'log.retention.hours': '2' }).config.inFirstUnit('log.retention.ms')).toEqual({
      value: 7200000,
      text: '7200000',
    })
    expect(
      resolve({ 'log.retention.hours': '2', 'log.retention.minutes': '3' }).config.inFirstUnit('log.retention.ms').text,
    ).toBe('180000')
    expect(resolve({ 'log.retention.ms': '-1', 'log.retention.minutes': '3' }).config.inFirstUnit('log.retention.ms').text).toBe(
      '-1',
    )
  })

  test('a long keeps its text where it does not fit a number', () => {
    const { config } = resolve({ 'log.flush.interval.messages': '9223372036854775806' })
    expect(config.text('log.flush.interval.messages')).toBe('9223372036854775806')
    expect(config.get('log.flush.interval.messages')).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })

  test('a host or port moves the first listener that is not a controller', () => {
    const file = settingsSource(
      { listeners: 'CONTROLLER://:9093,EXTERNAL://:9092', 'listener.security.protocol.map': 'EXTERNAL:PLAINTEXT' },
      'f',
    )
    const { config } = resolveConfig([{ settings: [], listen: { host: '::1', port: 0 } }, file])
    expect(config.text('listeners')).toBe('CONTROLLER://:9093,EXTERNAL://[::1]:0')
    expect(config.from('listeners')).toBe('--host, --port')
    expect(config.listeners.map(({ name, host, port }) => [name, host, port])).toEqual([['EXTERNAL', '::1', 0]])
  })

  test('broker.id is the older name of node.id', () => {
    expect(resolve({ 'broker.id': '7' }).config.nodeId).toBe(7)
    expect(resolveConfig([settingsSource({ 'node.id': 2 }, 'a'), settingsSource({ 'broker.id': 3 }, 'b')]).config.nodeId).toBe(2)
    expect(problemsOf({ 'broker.id': '7', 'node.id': '8' })).toEqual([expect.stringContaining('they name the same node')])
  })

  test('passwords are not shown', () => {
    const shown = shownSettings(resolve({ 'ssl.keystore.password': 'secret', 'num.partitions': '2' }).config)
    expect(shown.find(({ name }) => name === 'ssl.keystore.password')?.value).toBe('[hidden]')
    expect(shown.find(({ name }) => name === 'num.partitions')).toMatchObject({ value: '2', from: 'file' })
  })
})

describe('variables of the environment', () => {
  test('of other programs never stop the start', () => {
    const environment = {
      KAFKA_HEAP_OPTS: '-Xmx1g',
      KAFKA_OPTS: '',
      KAFKA_PORT: 'tcp://10.0.0.1:9092',
      KAFKA_PORT_9092_TCP_ADDR: '10.0.0.1',
      KAFKA_SERVICE_HOST: '10.0.0.1',
      KAFKA_LISTENERS: 'tcp://10.0.0.1:9092',
      KAFKA_ADVERTISED_LISTENERS: '',
      PATH: '/bin',
    }
    const { config, warnings } = resolveConfig([environmentSource(environment)])
    expect(Array.from(config.given)).toEqual([])
    expect(warnings).toEqual([])
  })

  test('spell a dot as _, an underscore as __ and a dash as ___', () => {
    const environment = { KAFKA_LISTENER_NAME_A__B_MAX_CONNECTIONS: '5', KAFKA_NUM_PARTITION: '1' }
    const { config, warnings } = resolveConfig([environmentSource(environment)])
    expect(config.getForListener('A_B', 'max.connections')).toBe(5)
    expect(warnings).toEqual([
      'KAFKA_NUM_PARTITION names no setting and is passed over: for num.partitions, it is KAFKA_NUM_PARTITIONS.',
    ])
  })

  test('with a bad value stop it, by name', () => {
    expect(() => resolveConfig([environmentSource({ KAFKA_NUM_PARTITIONS: 'many' })])).toThrow(
      'Invalid value many for configuration num.partitions: Not a number of type INT (KAFKA_NUM_PARTITIONS)',
    )
  })
})

describe('the names of settings', () => {
  test.each([
    ['num.partition', 'num.partitions'],
    ['log.retention.horus', 'log.retention.hours'],
    ['log_dirs', 'log.dirs'],
    ['retention.ms', 'log.retention.ms'],
    ['durabilty', 'durability'],
  ])('%s stops the start with the right one', (name, right) => {
    expect(problemsOf({ [name]: '1' })).toEqual([`There is no setting ${name} (file): did you mean ${right}?`])
  })

  test('that are far from all known ones are one warning each', () => {
    expect(resolve({ 'my.own.plugin.setting': 'x' }).warnings).toEqual([
      'There is no setting my.own.plugin.setting (file); it is passed over.',
    ])
  })

  test('that have no meaning here are accepted and named in one line', () => {
    const { notes, warnings } = resolve({
      'log.dir.failure.timeout.ms': '2',
      'controller.quorum.voters': '1@localhost:9093',
      'zookeeper.connect': 'zookeeper:2181',
      'rsm.config.bucket': 'x',
      'listener.name.plaintext.ssl.keystore.location': 'x',
    })
    expect(warnings).toEqual([])
    expect(notes).toEqual([
      'Accepted, and without meaning here: controller.quorum.voters, listener.name.plaintext.ssl.keystore.location, ' +
        'log.dir.failure.timeout.ms, rsm.config.bucket, zookeeper.connect.',
    ])
  })
})

describe('what is not built', () => {
  test.each([
    ['authorizer.class.name', 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'],
    ['ssl.client.auth', 'required'],
    ['listener.name.external.ssl.client.auth', 'requested'],
    ['create.topic.policy.class.name', 'a.B'],
    ['alter.config.policy.class.name', 'a.B'],
    ['client.quota.callback.class', 'a.B'],
    ['remote.log.storage.system.enable', 'true'],
    ['process.roles', 'controller'],
    ['delegation.token.secret.key', 'x'],
    ['max.connection.creation.rate', '10'],
  ])('%s=%s stops the start with a sentence', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(/^.*(not built|cannot|only one|always a broker).*$/)])
  })

  test.each([
    ['authorizer.class.name', ''],
    ['ssl.client.auth', 'none'],
    ['remote.log.storage.system.enable', 'false'],
    ['process.roles', 'broker'],
  ])('%s=%s asks for nothing', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([])
  })
})

describe('listeners', () => {
  const kraft = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': 'localhost:9093',
    listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    'inter.broker.listener.name': 'PLAINTEXT',
    'advertised.listeners': 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL',
    'log.dirs': '/tmp/kraft-combined-logs',
  }

  test('of controllers are neither opened nor advertised', () => {
    const { config } = resolve(kraft)
    expect(config.listeners.map(({ name }) => name)).toEqual(['PLAINTEXT'])
    expect(config.advertised('PLAINTEXT')).toEqual({ name: 'PLAINTEXT', host: 'localhost', port: 9092 })
    expect(config.advertised('CONTROLLER')).toBeUndefined()
  })

  test('may be several, each by its name, with IPv6 addresses and port 0', () => {
    const { config } = resolve({
      listeners: 'internal://[::1]:0,EXTERNAL://:9094',
      'advertised.listeners': 'EXTERNAL://broker.example:19094',
      'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:plaintext',
    })
    expect(config.listeners.map(({ name, host, port }) => [name, host, port])).toEqual([
      ['INTERNAL', '::1', 0],
      ['EXTERNAL', '', 9094],
    ])
    expect(config.advertised('EXTERNAL')?.port).toBe(19094)
  })

  test.each([
    [{ listeners: 'SSL://:9093' }, 'The listener SSL asks for SSL, which is not built yet'],
    [{ listeners: 'EXTERNAL://:9093' }, 'names no protocol for the listener EXTERNAL'],
    [{ listeners: 'PLAINTEXT:9092' }, 'PLAINTEXT:9092 is no address of the form NAME://host:port.'],
    [{ listeners: 'PLAINTEXT://:70000' }, 'is no address'],
    [{ listeners: 'PLAINTEXT://a:1,PLAINTEXT://b:2' }, 'have the same name'],
    [
      { listeners: 'PLAINTEXT://:1,B://:1', 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,B:PLAINTEXT' },
      'have the same port',
    ],
    [{ listeners: 'CONTROLLER://:9093' }, 'All of listeners stand in controller.listener.names'],
    [{ 'advertised.listeners': 'PLAINTEXT://0.0.0.0:9092' }, 'is no address that a client can reach'],
    [{ 'advertised.listeners': 'OTHER://a:9092' }, 'has no listener of its name; there are PLAINTEXT.'],
    [{ 'inter.broker.listener.name': 'OTHER' }, 'is none of the listeners PLAINTEXT.'],
    [{ listeners: '' }, "Configuration 'listeners' must not be empty."],
    [{ 'listener.security.protocol.map': 'PLAINTEXT:TLS' }, 'names no security protocol'],
  ])('%j stops the start', (settings, words) => {
    expect(problemsOf(settings as Record<string, string>).join('\n')).toContain(words)
  })

  test('one IPv4 and one IPv6 address may have the same port', () => {
    const map = { 'listener.security.protocol.map': 'A:PLAINTEXT,B:PLAINTEXT' }
    expect(problemsOf({ listeners: 'A://127.0.0.1:9092,B://[::1]:9092', ...map })).toEqual([])
    expect(problemsOf({ listeners: 'A://localhost:9092,B://[::1]:9092', ...map })).toHaveLength(1)
  })
})

describe('settings that contradict each other', () => {
  test.each([
    [
      { 'group.min.session.timeout.ms': '10', 'group.max.session.timeout.ms': '5' },
      'must be at most group.max.session.timeout.ms (5)',
    ],
    [{ 'group.share.delivery.count.limit': '9', 'group.share.max.delivery.count.limit': '8' }, 'must be at most'],
    [{ 'group.consumer.max.heartbeat.interval.ms': '50000', 'group.consumer.heartbeat.interval.ms': '45000' }, 'must be below'],
    [{ 'group.consumer.assignors': 'uniform,org.example.Mine' }, 'names org.example.Mine: Grete has uniform and range'],
    [{ 'log.retention.ms': '0' }, 'log.retention.ms must be at least 1, or -1'],
    [{ topics: 'orders:x' }, 'topics: orders:x is not of the form name or name:partitions.'],
    [{ 'max.connections.per.ip.overrides': 'a:1,b' }, 'b is not of the form host:count'],
  ])('%j stop the start', (settings, words) => {
    expect(problemsOf(settings as Record<string, string>).join('\n')).toContain(words)
  })

  test('all problems are told at once', () => {
    expect(problemsOf({ 'num.partitions': '0', 'log.dirss': '/a', 'ssl.client.auth': 'required' })).toHaveLength(3)
  })
})
