import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from '../broker-process.ts'
import { findClient } from '../client-list.ts'
import { ClientProcess, type KeyedRecord, type ReadRecord } from '../client-process.ts'
import { cacheFolder } from '../folders.ts'
import { waitUntil } from '../wait-until.ts'

const long = process.env['COMPAT_LONG'] === '1'
const lineCount = long ? 30_000 : 8_000
const batchSize = 250
const classes = join(cacheFolder, 'kafka-streams', 'classes')
const libraries = join(cacheFolder, 'kafka-reference', 'lib', '*')

/** Words of few users in an order that looks random and is the same each time. */
function makeLines(): KeyedRecord[] {
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  const word = (): string => `word-${random(400)}`
  return Array.from({ length: lineCount }, () => ({ key: `user-${random(60)}`, value: `${word()} ${word()} ${word()}` }))
}

/** The results that each key is to have, in their order. */
type Results = Map<string, string[]>

function expectedCounts(lines: readonly KeyedRecord[]): Results {
  const counts: Results = new Map()
  for (const word of lines.flatMap(({ value }) => value.split(' '))) {
    const found = counts.get(word) ?? []
    counts.set(word, [...found, String(found.length + 1)])
  }
  return counts
}

function expectedLetters(lines: readonly KeyedRecord[]): Results {
  const sums: Results = new Map()
  for (const { key, value } of lines) {
    const found = sums.get(key) ?? []
    sums.set(key, [...found, String(Number(found.at(-1) ?? 0) + value.replaceAll(' ', '').length)])
  }
  return sums
}

function toResults(records: readonly ReadRecord[]): Results {
  const results: Results = new Map()
  for (const { key, value } of [...records].sort((a, b) => a.offset - b.offset)) {
    const found = results.get(key)
    if (found) found.push(value)
    else results.set(key, [value])
  }
  return results
}

/** The first few keys whose results are others, and from where on. */
function differences(found: Results, wanted: Results): string[] {
  const described: string[] = []
  for (const key of new Set([...found.keys(), ...wanted.keys()])) {
    const [given, right] = [found.get(key) ?? [], wanted.get(key) ?? []]
    const at = Array.from({ length: Math.max(given.length, right.length) }).findIndex((_, n) => given[n] !== right[n])
    if (at >= 0)
      described.push(
        `${key}: result ${at} of ${right.length} is ${right[at] ?? 'none'}, given were ${given.slice(at - 1, at + 3).join(', ')}`,
      )
  }
  return described.slice(0, 10)
}

/** The application's process: its state folder outlives it, as it would on a machine of its own. */
class Application {
  readonly #address: string
  readonly #folder: string
  #child: ChildProcess | undefined
  output = ''

  constructor(address: string, folder: string) {
    this.#address = address
    this.#folder = folder
  }

  start(): void {
    const options = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
    const words = [...options, '-cp', `${classes}:${libraries}`, 'WordTopology', this.#address, join(this.#folder, 'streams')]
    const child = spawn('java', words)
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = `${this.output}${text}`.slice(-4000)
      })
    child.stdin.on('error', () => {})
    this.#child = child
  }

  async kill(): Promise<void> {
    await this.#end((child) => child.kill('SIGKILL'))
  }

  /** As a program ends that is told to. */
  async close(): Promise<number | null> {
    return this.#end((child) => child.stdin!.end())
  }

  async #end(how: (child: ChildProcess) => void): Promise<number | null> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
    how(child)
    const overdue = setTimeout(() => child.kill('SIGKILL'), 45_000)
    const code = await exited
    clearTimeout(overdue)
    return code
  }
}

describe('Kafka Streams, exactly_once_v2', () => {
  let broker: BrokerProcess
  let application: Application
  let java: ClientProcess
  beforeAll(async () => {
    broker = await BrokerProcess.start()
    application = new Application(broker.address, broker.folder)
    java = new ClientProcess(findClient('java'), broker.address)
  })
  afterAll(async () => {
    await application?.kill()
    await java?.stop()
    await broker?.stop()
  })

  async function haveResults(topic: string, count: number): Promise<number> {
    let found = 0
    return waitUntil(
      async () => {
        found = (await java.readAll([topic])).length
        return found >= count ? found : undefined
      },
      () => `${topic} holds ${count} results; it holds ${found}; the application printed: ${application.output}`,
      120_000,
    )
  }

  test('is installed', () => {
    if (!existsSync(classes)) throw new Error(`not run: ${classes} is missing; compat-tests/setup.sh installs it`)
  })

  test(
    'counts and sums are exact after the application and the broker were killed',
    async () => {
      const lines = makeLines()
      for (const topic of ['lines', 'word-counts', 'user-letters']) await java.createTopic(topic, 4)
      application.start()
      const write = async (from: number, to: number): Promise<void> => {
        for (let at = from; at < to; at += batchSize)
          await java.produce('lines', 'lz4', {}, lines.slice(at, Math.min(at + batchSize, to)))
      }
      const third = Math.floor(lineCount / 3 / batchSize) * batchSize

      await write(0, batchSize)
      const first = await haveResults('word-counts', 1)
      await write(batchSize, third)
      await application.kill()
      application.start()
      // It has taken up its work again.
      const second = await haveResults('word-counts', first + batchSize)
      await write(third, 2 * third)
      await broker.end('SIGKILL')
      await broker.start()
      await write(2 * third, lineCount)
      await haveResults('word-counts', Math.max(lineCount * 3, second))
      await haveResults('user-letters', lineCount)
      expect(await application.close()).toBe(0)

      const counts = toResults(await java.readAll(['word-counts']))
      const letters = toResults(await java.readAll(['user-letters']))
      expect(differences(counts, expectedCounts(lines))).toEqual([])
      expect(differences(letters, expectedLetters(lines))).toEqual([])
      if (process.env['COMPAT_VERBOSE']) console.log(application.output)
    },
    long ? 600_000 : 240_000,
  )
})
