import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../config/resolve-config.ts'
import { type StartFlags, startSources } from './start-options.ts'

const noFlags: StartFlags = {
  properties: undefined,
  host: undefined,
  port: undefined,
  dataDir: undefined,
  memory: false,
  nodeId: undefined,
  set: [],
  topic: [],
  logLevel: undefined,
}

const resolved = (flags: Partial<StartFlags>, environment: Record<string, string> = {}) =>
  resolveConfig(startSources({ ...noFlags, ...flags }, environment)).config

describe('the settings of a start', () => {
  let folder: string
  let file: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'grete-cli-'))
    file = join(folder, 'server.properties')
    writeFileSync(file, 'num.partitions=2\nlog.retention.hours=3\nmessage.max.bytes=5000\nlog.dirs=/from/the/file\n')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('flags win over the environment, the environment over the file', () => {
    const environment = { KAFKA_NUM_PARTITIONS: '4', KAFKA_LOG_RETENTION_HOURS: '5' }
    const config = resolved({ properties: file, set: ['num.partitions=7'] }, environment)
    const shown = ['num.partitions', 'log.retention.hours', 'message.max.bytes'].map((name) => [
      config.text(name),
      config.from(name),
    ])
    expect(shown).toEqual([
      ['7', '--set'],
      ['5', 'KAFKA_LOG_RETENTION_HOURS'],
      ['5000', file],
    ])
  })

  test('without any, a node listens on localhost:9092 and keeps data in ./grete-data', () => {
    const config = resolved({})
    expect(config.listeners).toMatchObject([{ name: 'PLAINTEXT', host: 'localhost', port: 9092 }])
    expect(config.dataDirectory).toBe('./grete-data')
    expect(config.nodeId).toBe(1)
    expect(config.get('group.initial.rebalance.delay.ms')).toBe(0)
  })

  test('node 0 is a node', () => {
    expect(resolved({ nodeId: '0' }).nodeId).toBe(0)
  })

  test('in the image all addresses are listened on, unless somebody says otherwise', () => {
    const image = { GRETE_IMAGE: '1' }
    expect(resolved({}, image).listeners).toMatchObject([{ host: '0.0.0.0', port: 9092 }])
    expect(resolved({}, image).dataDirectory).toBe('/var/lib/grete')
    expect(resolved({ properties: file }, image).dataDirectory).toBe('/from/the/file')
    const listeners = { KAFKA_LISTENERS: 'PLAINTEXT://127.0.0.1:1' }
    expect(resolved({}, { ...image, ...listeners }).listeners).toMatchObject([{ host: '127.0.0.1', port: 1 }])
  })

  test('a file that cannot be read is named', () => {
    expect(() => resolved({ properties: join(folder, 'none') })).toThrow(`There is no file ${join(folder, 'none')}.`)
    expect(() => resolved({ properties: folder })).toThrow(`${folder} cannot be read: EISDIR`)
    writeFileSync(join(folder, 'broken'), 'a=\\u12')
    expect(() => resolved({ properties: join(folder, 'broken') })).toThrow('is no properties file: Malformed')
  })

  test('an assignment needs a name and an equals sign', () => {
    expect(() => resolved({ set: ['num.partitions'] })).toThrow('--set num.partitions is not of the form name=value.')
    expect(resolved({ set: ['topics=a:1,b'] }).get('topics')).toEqual(['a:1', 'b'])
  })
})
