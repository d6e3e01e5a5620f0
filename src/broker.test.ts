import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { Kafka, logLevel } from 'kafkajs'
import { Broker, StartError } from './index.ts'

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a module in a process of its own that must end by itself. Gives what it printed, as JSON. */
async function runModule<T>(source: string): Promise<T> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: projectFolder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code).toBe(0)
  return JSON.parse(output) as T
}

const client = (broker: Broker) => new Kafka({ brokers: broker.bootstrapServers.split(','), logLevel: logLevel.NOTHING })

async function topicsOf(broker: Broker): Promise<Record<string, number>> {
  const admin = client(broker).admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata()
  await admin.disconnect()
  return Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))
}

describe('a broker in this process', () => {
  test('listens on a free port of 127.0.0.1 and has the topics that were asked for', async () => {
    await using broker = await Broker.start({ topics: { orders: 6 } })
    expect(broker.bootstrapServers).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(await topicsOf(broker)).toEqual({ orders: 6 })
  })

  test('takes settings by their names in Kafka', async () => {
    await using broker = await Broker.start({ config: { 'num.partitions': 3, 'node.id': 0 } })
    const admin = client(broker).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'payments' }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['payments'] })
    expect(topics[0]?.partitions.map(({ leader }) => leader)).toEqual([0, 0, 0])
    await admin.disconnect()
  })

  test('knows nothing of others in the process', async () => {
    const names = ['a', 'b', 'c', 'd']
    const brokers = await Promise.all(names.map((name) => Broker.start({ topics: { [name]: 1 } })))
    expect(new Set(brokers.map(({ bootstrapServers }) => bootstrapServers)).size).toBe(names.length)
    expect(await Promise.all(brokers.map(topicsOf))).toEqual(names.map((name) => ({ [name]: 1 })))
    await Promise.all(brokers.map((broker) => broker.stop()))
  })

  test('keeps its data where a folder is given', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'grete-broker-'))
    {
      await using broker = await Broker.start({ dataDir, topics: { orders: 2 } })
      await expect(Broker.start({ dataDir })).rejects.toThrow(
        /in use by another broker in this process|in use by another process/,
      )
      expect(await topicsOf(broker)).toEqual({ orders: 2 })
    }
    await using again = await Broker.start({ dataDir })
    expect(await topicsOf(again)).toEqual({ orders: 2 })
    await again.stop()
    rmSync(dataDir, { recursive: true })
  })

  test('cannot start on a port in use, nor with a setting that there is not', async () => {
    await using broker = await Broker.start()
    const port = Number(broker.bootstrapServers.split(':')[1])
    await expect(Broker.start({ port })).rejects.toThrow(StartError)
    await expect(Broker.start({ config: { 'num.partition': 1 } })).rejects.toThrow('did you mean num.partitions?')
  })

  test('lets go of its folder when it could not start', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'grete-broker-'))
    await expect(Broker.start({ dataDir, topics: { '..': 1 } })).rejects.toThrow('The topic .. cannot be created')
    await expect(Broker.start({ dataDir, config: { 'node.id': 2 } })).rejects.toThrow('belongs to node 1')
    await using broker = await Broker.start({ dataDir })
    await broker.stop()
    rmSync(dataDir, { recursive: true })
  })

  test('lets go of its folder when it could not leave there the proof of a clean stop', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'grete-broker-'))
    const broker = await Broker.start({ dataDir })
    const inTheWay = join(dataDir, '.kafka_cleanshutdown')
    mkdirSync(inTheWay)
    await expect(broker.stop()).rejects.toThrow('cannot be closed')
    await expect(broker.closed).rejects.toThrow('cannot be closed')
    rmSync(inTheWay, { recursive: true })
    await using again = await Broker.start({ dataDir })
    await again.stop()
    rmSync(dataDir, { recursive: true })
  })

  test('stops once, however often it is asked, and then `closed` is settled', async () => {
    const broker = await Broker.start()
    await Promise.all([broker.stop(), broker.stop()])
    await broker.stop()
    await expect(broker.closed).resolves.toBeUndefined()
  })
})

/** What a process holds: resources (loading modules has some of its own, for a moment), and who listens to its events. */
const facts = `
  const facts = async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    const resources = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FSReq|CloseReq)/.test(name))
    return { resources, listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]) }
  }
`

describe('the package in a process of its own', () => {
  test('leaves nothing behind when it has stopped: no handle, timer, listener or signal handler', async () => {
    const { before, after } = await runModule<Record<'before' | 'after', unknown>>(`${facts}
      import { Broker } from './dist/index.js'
      import { connect } from 'node:net'
      const before = await facts()
      for (let round = 0; round < 2; round++) {
        const brokers = await Promise.all([Broker.start({ topics: { orders: 3 } }), Broker.start()])
        const socket = connect(Number(brokers[0].bootstrapServers.split(':')[1]), '127.0.0.1')
        await new Promise((resolve) => socket.once('connect', resolve))
        await Promise.all(brokers.map((broker) => broker.stop()))
        await new Promise((resolve) => socket.once('close', resolve))
      }
      console.log(JSON.stringify({ before, after: await facts() }))
    `)
    expect(after).toEqual(before)
  })

  test('leaves nothing behind when it could not start', async () => {
    const { before, after, names } = await runModule<Record<'before' | 'after' | 'names', unknown>>(`${facts}
      import { Broker } from './dist/index.js'
      const before = await facts()
      const broker = await Broker.start()
      const failures = [{ port: Number(broker.bootstrapServers.split(':')[1]) }, { dataDir: './package.json' }, { topics: { '..': 1 } }]
      const names = []
      for (const options of failures) names.push(await Broker.start(options).catch(({ name }) => name))
      await broker.stop()
      console.log(JSON.stringify({ before, after: await facts(), names }))
    `)
    expect(names).toEqual(['StartError', 'StartError', 'StartError'])
    expect(after).toEqual(before)
  })

  test('does no work when it is imported: no handle, nothing native, none of the modules that a log line needs', async () => {
    const { before, after, required, native } = await runModule<
      Record<'before' | 'after' | 'required' | 'native', unknown>
    >(`${facts}
      import { createRequire } from 'node:module'
      const before = await facts()
      await import('./dist/index.js')
      const required = Object.keys(createRequire(import.meta.url).cache)
      const native = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
      console.log(JSON.stringify({ before, after: await facts(), required, native }))
    `)
    expect(after).toEqual(before)
    expect({ required, native }).toEqual({ required: [], native: [] })
  })
})
