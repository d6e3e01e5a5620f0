import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type BrokerChoice, type BrokerUnderBench, parseBroker, startBroker } from './broker-under-bench.ts'
import { measureFirstRecord } from './first-record.ts'
import { isCost, type Measurement, median } from './measurement.ts'
import { measureKcat, measureLatency, measureProducerPerf, measureStart, type Sizes } from './measures.ts'

const help = `Measures a broker, or several in turns.
  node dist/scripts/bench/main.js [--broker BROKER]… [--rounds N] [--megabytes N] [--only start,first,kcat,perf,latency]
BROKER  grete (default), grete-memory, kafka (Apache Kafka), NAME=COMMAND (gets a server.properties, stays in the
        foreground), HOST:PORT or HOST:PORT@PID (runs already; processor time and memory only where its pid is told)
--rounds     how often each is measured; medians are printed (default 1, with several brokers 3)
--megabytes  what kcat and Java's producer send (default 1000)
--warm-up    megabytes that kcat sends and reads before it counts (default 0; a JVM's first gigabyte costs double)`

type Results = Map<string, Measurement[]>

/** Those that start a broker of their own. */
const startingMeasures: Record<string, (command: string) => Promise<Record<string, Measurement>>> = {
  start: measureStart,
  first: measureFirstRecord,
}

const measures: Record<string, (broker: BrokerUnderBench, sizes: Sizes) => Promise<Record<string, Measurement>>> = {
  kcat: measureKcat,
  perf: measureProducerPerf,
  latency: measureLatency,
}

function note(results: Results, measured: Record<string, Measurement>): void {
  for (const [title, measurement] of Object.entries(measured)) {
    results.set(title, [...(results.get(title) ?? []), measurement])
    console.log(`  ${title.padEnd(26)} ${format(measurement)}`)
  }
}

/** A measure that fails is told, and takes the others' numbers with it no more than the exit code. */
async function noteOf(results: Results, measuring: Promise<Record<string, Measurement>>): Promise<void> {
  try {
    note(results, await measuring)
  } catch (error) {
    console.log(`  failed: ${(error as Error).message.slice(0, 1000)}`)
    process.exitCode = 1
  }
}

function format(measurement: Measurement): string {
  return Object.entries(measurement)
    .map(([name, value]) => `${value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)} ${name}`)
    .join('  ')
}

function medians(measurements: readonly Measurement[]): Measurement {
  const names = Object.keys(measurements[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, median(measurements.map((measurement) => measurement[name]!))]))
}

function printRatios(first: string, firstResults: Results, second: string, secondResults: Results): void {
  console.log(`\n${first} / ${second}, medians (of what is marked -, less is better)`)
  for (const [title, measurements] of firstResults) {
    const others = secondResults.get(title)
    if (!others) continue
    const [ours, theirs] = [medians(measurements), medians(others)]
    const ratios = Object.keys(ours).filter((name) => theirs[name])
    console.log(
      `  ${title.padEnd(26)} ${ratios.map((name) => `${(ours[name]! / theirs[name]!).toFixed(2)} ${name}${isCost(name) ? ' -' : ''}`).join('  ')}`,
    )
  }
}

async function runRounds(
  choices: readonly BrokerChoice[],
  rounds: number,
  chosen: readonly string[],
  sizes: Sizes,
  warmUp: number,
) {
  const results = new Map<string, Results>(choices.map(({ name }) => [name, new Map()]))
  for (const title of chosen.filter((name) => name in startingMeasures))
    for (let round = 0; round < rounds; round++)
      for (const { name, command } of choices) {
        if (!command) continue
        console.log(`${name}, ${title}, round ${round + 1}`)
        await noteOf(results.get(name)!, startingMeasures[title]!(command))
      }
  const wanted = chosen.filter((name) => name in measures)
  if (wanted.length === 0) return results
  const brokers: BrokerUnderBench[] = []
  try {
    for (const choice of choices) brokers.push(await startBroker(choice))
    if (warmUp > 0) for (const broker of brokers) await measureKcat(broker, { ...sizes, lineCount: warmUp * 1000 })
    for (let round = 0; round < rounds; round++)
      for (const broker of round % 2 === 0 ? brokers : brokers.toReversed()) {
        console.log(`${broker.name} (${broker.description}), round ${round + 1}`)
        for (const name of wanted) await noteOf(results.get(broker.name)!, measures[name]!(broker, sizes))
      }
  } finally {
    for (const broker of brokers) await broker.stop()
  }
  return results
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string', multiple: true, default: ['grete'] },
      rounds: { type: 'string' },
      megabytes: { type: 'string', default: '1000' },
      'warm-up': { type: 'string', default: '0' },
      only: { type: 'string', default: 'start,first,kcat,perf,latency' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const choices = values.broker.map(parseBroker)
  const rounds = Number(values.rounds ?? (choices.length > 1 ? 3 : 1))
  const lineCount = Number(values.megabytes) * 1000
  const chosen = values.only.split(',')
  const known = Object.keys({ ...startingMeasures, ...measures })
  const unknown = chosen.find((name) => !known.includes(name))
  if (unknown) throw new Error(`--only ${unknown}: not one of ${known.join(', ')}`)
  console.log(`${cpus().length} processors, ${cpus()[0]?.model}; ${lineCount} records of 1000 bytes, one partition, acks=all`)
  for (const { name, command, address, pid } of choices)
    console.log(`${name}: ${command ?? `${address}${pid ? `, pid ${pid}` : ''}`}`)
  const sizes = { lineCount, perfRecordCount: lineCount, latencyRecordCount: 5_000 }
  const results = await runRounds(choices, rounds, chosen, sizes, Number(values['warm-up']))
  if (rounds > 1)
    for (const [name, measured] of results) {
      console.log(`\n${name}, medians of ${rounds}`)
      for (const [title, measurements] of measured) console.log(`  ${title.padEnd(26)} ${format(medians(measurements))}`)
    }
  const [first, ...others] = choices
  for (const other of others) printRatios(first!.name, results.get(first!.name)!, other.name, results.get(other.name)!)
}

await main()
