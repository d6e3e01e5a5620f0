import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../../compat-tests/folders.ts'
import { stopAllBrokers } from './broker-under-bench.ts'
import { type BenchOptions, helpText, parseCommandLine } from './command-line.ts'
import type { Measure, Trial } from './measure.ts'
import type { Measured } from './measurement.ts'
import { crowd } from './measures/crowd.ts'
import { fetch } from './measures/fetch.ts'
import { firstRecord } from './measures/first-record.ts'
import { endToEnd, latency } from './measures/latency.ts'
import { memory } from './measures/memory.ts'
import { javaProduce, produce } from './measures/produce.ts'
import { start } from './measures/start.ts'
import { withMeasured } from './performance-page.ts'
import { addTo, formatMeasurement, type Results, resultTable } from './results.ts'
import { runRounds } from './rounds.ts'
import { describeSurroundings } from './surroundings.ts'

const measures = [start, produce, javaProduce, fetch, latency, endToEnd, firstRecord, memory, crowd]

/** What one measure came to, by broker. */
interface MeasureResults {
  readonly measure: Measure
  readonly trials: readonly Trial[]
  readonly brokers: readonly { readonly name: string; readonly results: Results }[]
}

async function runAll(options: BenchOptions, words: readonly string[]): Promise<void> {
  const { brokers, rounds, warmUpMegabytes, volumes } = options
  const date = new Date().toISOString().slice(0, 10)
  const surroundings = await describeSurroundings(brokers)
  console.log(surroundings.join('\n'))
  const all = options.measures.map(
    (measure): MeasureResults => ({
      measure,
      trials: measure.trials(volumes),
      brokers: brokers.map(({ name }) => ({ name, results: new Map() })),
    }),
  )
  const trials = all.flatMap((results) => results.trials)
  await runRounds(brokers, trials, rounds, warmUpMegabytes, ({ name }, trial, round, outcome) => {
    console.log(`${name}, ${trial.title}, round ${round}`)
    if (outcome instanceof Error) return tellFailure(outcome)
    tellMeasured(outcome)
    const of = all.find((results) => results.trials.includes(trial))!
    addTo(of.brokers.find((broker) => broker.name === name)!.results, outcome)
  })
  const command = words.length > 0 ? `make bench BENCH='${words.map(withoutPlace).join(' ')}'` : 'make bench'
  for (const { measure, brokers: of } of all) {
    const table = resultTable(of)
    console.log(`\n${measure.name}: ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}\n${table}`)
    if (options.write) writePart({ measure: measure.name, date, command, rounds, surroundings, table })
  }
}

/** Where another checkout lies is nobody's affair who reads the page. */
function withoutPlace(word: string): string {
  return word.replace(/^([^=]+=)\/.*\/([^/]+)$/, '$1../$2')
}

function tellMeasured(measured: Measured): void {
  for (const [title, measurement] of Object.entries(measured))
    console.log(`  ${title.padEnd(36)} ${formatMeasurement(measurement)}`)
}

function tellFailure(error: Error): void {
  console.log(`  failed: ${error.message.slice(0, 1000)}`)
  process.exitCode = 1
}

function writePart(part: Parameters<typeof withMeasured>[1]): void {
  const file = join(projectFolder, 'docs', 'performance.md')
  writeFileSync(file, withMeasured(readFileSync(file, 'utf8'), part))
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Not once: a second signal, as timeout(1) sends it, would end us before the brokers.
  process.on(signal, () => void stopAllBrokers().finally(() => process.exit(1)))
}
const words = process.argv.slice(2)
const options = parseCommandLine(words, measures)
if (options) await runAll(options, words)
else console.log(helpText(measures))
