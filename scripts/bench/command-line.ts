import { parseArgs } from 'node:util'
import { type BrokerChoice, parseBroker } from './broker-choice.ts'
import type { Acks, Codec, Measure, ProduceCase, Volumes } from './measure.ts'

export interface BenchOptions {
  readonly brokers: readonly BrokerChoice[]
  readonly measures: readonly Measure[]
  readonly rounds: number
  readonly warmUpMegabytes: number
  readonly volumes: Volumes
  readonly write: boolean
}

const flags = {
  broker: { type: 'string', multiple: true, default: ['grete', 'kafka'] as string[] },
  only: { type: 'string' },
  all: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  megabytes: { type: 'string', default: '300' },
  'warm-up': { type: 'string' },
  sizes: { type: 'string' },
  acks: { type: 'string' },
  partitions: { type: 'string' },
  codecs: { type: 'string' },
  rates: { type: 'string', default: '1000,5000' },
  'latency-seconds': { type: 'string', default: '8' },
  'latency-acks': { type: 'string', default: 'all' },
  'memory-gb': { type: 'string', default: '10' },
  'idle-partitions': { type: 'string', default: '10000' },
  'idle-connections': { type: 'string', default: '5000' },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** Nobody's disk is filled by a slip of the finger. */
const megabytesMax = 4_000
const memoryGigabytesMax = 12

export function helpText(measures: readonly Measure[]): string {
  const rows = measures.map(({ name, doc, byDefault }) => `  ${name.padEnd(14)}${byDefault ? ' ' : '*'} ${doc}`)
  return `Measures brokers in turns, by stock clients, and prints medians and their ratios to those of the last broker.
  node dist/scripts/bench/main.js [--broker BROKER]… [--only MEASURE,…] [more flags]

BROKER (default: grete and kafka), each with ?SETTING=VALUE?… for its server.properties if wanted:
  grete, grete-memory, kafka     this checkout, the same in memory, Apache Kafka
  NAME=CHECKOUT                  Grete as built in the folder of another checkout
  NAME=COMMAND                   gets the path of a server.properties, and stays in the foreground
  HOST:PORT, HOST:PORT@PID       runs already; processor time and memory only where its pid is told

MEASURE (those with * only where they are named, or with --all):
${rows.join('\n')}

--rounds N            how often each is measured (default 1, with several brokers 3)
--megabytes N         what is sent or read in one trial (default 300; 1000 for figures to keep)
--warm-up N           megabytes that kcat sends and reads before it counts (default 0, with several brokers 1000)
--sizes, --acks, --partitions, --codecs LIST
                      produce all combinations of what is given; else 1 KB, acks=all, one partition, uncompressed,
                      and from there 100 B and 10 KB, acks 0 and 1, 6 and 100 partitions, lz4 and zstd, one at a time
--rates LIST          records a second of the latency trials (default 1000,5000)
--latency-seconds N   how long each lasts (default 8)   --latency-acks 0|1|all
--memory-gb N         what the measure memory sends (default 10)
--idle-partitions N, --idle-connections N    of the measure crowd (default 10000, 5000)
--write               the tables go into docs/performance.md too`
}

/** Undefined where help is wanted. */
export function parseCommandLine(words: readonly string[], measures: readonly Measure[]): BenchOptions | undefined {
  const { values } = parseArgs({ args: [...words], options: flags })
  if (values.help) return undefined
  const brokers = values.broker.map(parseBroker)
  const twice = brokers.find(({ name }, index) => brokers.findIndex((other) => other.name === name) !== index)
  if (twice) throw new Error(`--broker ${twice.name} is given twice: a name tells its numbers apart`)
  const several = brokers.length > 1
  return {
    brokers,
    measures: chosenMeasures(values.only, values.all, measures),
    rounds: wholeNumber('rounds', values.rounds ?? (several ? '3' : '1'), 1, 100),
    warmUpMegabytes: wholeNumber('warm-up', values['warm-up'] ?? (several ? '1000' : '0'), 0, megabytesMax),
    volumes: {
      megabytes: wholeNumber('megabytes', values.megabytes, 1, megabytesMax),
      produceCases: produceCases(values),
      rates: listOf('rates', values.rates, (text) => wholeNumber('rates', text, 1, 100_000)),
      latencySeconds: wholeNumber('latency-seconds', values['latency-seconds'], 1, 600),
      latencyAcks: oneOf('latency-acks', values['latency-acks'], acksValues),
      memoryGigabytes: wholeNumber('memory-gb', values['memory-gb'], 2, memoryGigabytesMax),
      idlePartitions: wholeNumber('idle-partitions', values['idle-partitions'], 1, 100_000),
      idleConnections: wholeNumber('idle-connections', values['idle-connections'], 1, 15_000),
    },
    write: values.write,
  }
}

function chosenMeasures(only: string | undefined, all: boolean, measures: readonly Measure[]): readonly Measure[] {
  if (only === undefined) return all ? measures : measures.filter(({ byDefault }) => byDefault)
  return only.split(',').map((name) => {
    const measure = measures.find((candidate) => candidate.name === name)
    if (!measure) throw new Error(`--only ${name}: not one of ${measures.map((known) => known.name).join(', ')}`)
    return measure
  })
}

const acksValues: readonly Acks[] = ['0', '1', 'all']
const codecValues: readonly Codec[] = ['none', 'lz4', 'zstd']
const usual: ProduceCase = { recordBytes: 1_000, acks: 'all', partitions: 1, codec: 'none' }

interface CaseFlags {
  readonly sizes?: string | undefined
  readonly acks?: string | undefined
  readonly partitions?: string | undefined
  readonly codecs?: string | undefined
}

function produceCases({ sizes, acks, partitions, codecs }: CaseFlags): readonly ProduceCase[] {
  const given = {
    recordBytes: sizes === undefined ? [] : listOf('sizes', sizes, (text) => wholeNumber('sizes', text, 10, 900_000)),
    acks: acks === undefined ? [] : listOf('acks', acks, (text) => oneOf('acks', text, acksValues)),
    partitions:
      partitions === undefined ? [] : listOf('partitions', partitions, (text) => wholeNumber('partitions', text, 1, 10_000)),
    codec: codecs === undefined ? [] : listOf('codecs', codecs, (text) => oneOf('codecs', text, codecValues)),
  }
  if (Object.values(given).every((values) => values.length === 0)) return aroundTheUsual()
  const orUsual = <T>(values: readonly T[], value: T): readonly T[] => (values.length > 0 ? values : [value])
  return orUsual(given.recordBytes, usual.recordBytes).flatMap((recordBytes) =>
    orUsual(given.acks, usual.acks).flatMap((acksOf) =>
      orUsual(given.partitions, usual.partitions).flatMap((partitionsOf) =>
        orUsual(given.codec, usual.codec).map((codec) => ({ recordBytes, acks: acksOf, partitions: partitionsOf, codec })),
      ),
    ),
  )
}

/** All combinations would take hours: from the usual case, one thing is changed at a time. */
function aroundTheUsual(): readonly ProduceCase[] {
  return [
    usual,
    ...[100, 10_000].map((recordBytes) => ({ ...usual, recordBytes })),
    ...(['0', '1'] as const).map((acks) => ({ ...usual, acks })),
    ...[6, 100].map((partitions) => ({ ...usual, partitions })),
    ...(['lz4', 'zstd'] as const).map((codec) => ({ ...usual, codec })),
  ]
}

function listOf<T>(flag: string, text: string, parse: (item: string) => T): readonly T[] {
  const items = text.split(',').filter(Boolean)
  if (items.length === 0) throw new Error(`--${flag} is empty`)
  return items.map(parse)
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new Error(`--${flag} ${text}: not a whole number from ${min} to ${max}`)
  return value
}

function oneOf<T extends string>(flag: string, text: string, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === text)
  if (value === undefined) throw new Error(`--${flag} ${text}: not one of ${values.join(', ')}`)
  return value
}
