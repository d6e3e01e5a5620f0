import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { BrokerProcess } from './broker-process.ts'
import { cacheFolder, projectFolder, testsFolder } from './folders.ts'

/**
 * Runs the compatibility tests: set-up, stock clients, Apache Kafka's own tests; the last line is the sum of them all.
 *   node dist/compat-tests/run.js [--no-setup] [--clients-only] [--all] [PATH PATTERN OF JEST…]
 */
interface Counts {
  passed: number
  failed: number
}

interface JestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numFailedTestSuites: number
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[]
  }[]
}

/** What others test their client with, run on a broker of its own by a script of `suites/`. */
interface Suite {
  readonly name: string
  readonly parameters: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const reportFile = join(projectFolder, '.cache', 'compat-report.json')

/** A part of other projects' suites: groups and transactions from many sides, in a few minutes. */
const quickSuites: readonly Suite[] = [
  { name: 'franz-go', parameters: ['TestGroupETL|TestTxnEtl'], environment: { RECORDS: '20000' } },
  { name: 'librdkafka', parameters: ['quick'], environment: { TEST_CONSUMER_GROUP_PROTOCOL: 'classic' } },
  { name: 'librdkafka', parameters: ['quick'], environment: { TEST_CONSUMER_GROUP_PROTOCOL: 'consumer' } },
]

const wholeSuites: readonly Suite[] = [
  { name: 'franz-go', parameters: [], environment: { RECORDS: '100000' } },
  { name: 'librdkafka', parameters: [], environment: { TEST_CONSUMER_GROUP_PROTOCOL: 'classic' } },
  { name: 'librdkafka', parameters: [], environment: { TEST_CONSUMER_GROUP_PROTOCOL: 'consumer' } },
]

function run(command: string, parameters: readonly string[], onLine?: (line: string) => void, more = {}): Promise<number> {
  const stdout = onLine ? 'pipe' : 'inherit'
  const child = spawn(command, parameters, {
    cwd: projectFolder,
    env: { ...process.env, ...more },
    stdio: ['ignore', stdout, 'inherit'],
  })
  let last = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    const lines = (last + text).split('\n')
    last = lines.pop()!
    for (const line of lines) onLine!(line)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

/** One line for each file of tests; a client whose toolchain is missing has not run, whatever else went well. */
function describeReport(report: JestReport): string[] {
  return report.testResults
    .map(({ name, assertionResults, message }) => {
      const title = basename(name, '.test.js')
      const failed = assertionResults.filter(({ status }) => status === 'failed')
      const missing = failed.flatMap(({ failureMessages }) => failureMessages.join('\n').match(/not run: .*/)?.[0] ?? [])[0]
      if (missing) return `  ${title.padEnd(32)} ${missing}`
      if (assertionResults.length === 0) return `  ${title.padEnd(32)} did not load: ${message.slice(0, 200)}`
      return `  ${title.padEnd(32)} ${assertionResults.length - failed.length} passed, ${failed.length} failed`
    })
    .sort()
}

/** `long`: more variants, records and kills, where a test has them. */
async function runClients(patterns: readonly string[], long: boolean): Promise<Counts> {
  mkdirSync(dirname(reportFile), { recursive: true })
  rmSync(reportFile, { force: true })
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--config',
    'jest.compat.config.js',
  ]
  await run(
    process.execPath,
    [...jest, '--json', `--outputFile=${reportFile}`, ...patterns],
    () => {},
    long ? { COMPAT_LONG: '1' } : {},
  )
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport
  console.log(describeReport(report).join('\n'))
  const unloaded = report.testResults.filter(({ assertionResults }) => assertionResults.length === 0).length
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded }
}

/** A script whose last line says how many passed and failed. */
async function runScript(
  script: string,
  parameters: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 }
  const onLine = (line: string): void => {
    const found = line.match(/^(\d+) passed, (\d+) failed/)
    if (found) Object.assign(counts, { passed: Number(found[1]), failed: Number(found[2]) })
  }
  const code = await run(join(testsFolder, script), parameters, onLine, environment)
  if (code !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}

async function runSuite({ name, parameters, environment }: Suite): Promise<Counts> {
  // librdkafka's tests count on two members that start together being assigned at once, as with Kafka's default.
  await using broker = await BrokerProcess.start({ properties: { 'group.initial.rebalance.delay.ms': '3000' } })
  return await runScript(`suites/${name}.sh`, [broker.address, ...parameters], environment)
}

/** Field by field; counts as one test. */
async function checkSchemas(): Promise<Counts> {
  const code = await run(process.execPath, [join('dist', 'scripts', 'check-schemas.js'), join(cacheFolder, 'schemas')])
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

async function main(): Promise<void> {
  const flags = new Set(process.argv.slice(2).filter((word) => word.startsWith('--')))
  const patterns = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  const began = Date.now()
  const seconds = (): string => `(${Math.round((Date.now() - began) / 1000)} s)`
  if (!flags.has('--no-setup') && (await run(join(testsFolder, 'setup.sh'), [])) !== 0) {
    console.log('compat: the set-up failed: what it did not install is reported as not run')
  }
  console.log(`compat: the schemas against Kafka’s own ${seconds()}`)
  const all: Counts[] = [await checkSchemas()]
  console.log(`compat: stock clients ${seconds()}`)
  all.push(await runClients(patterns, flags.has('--all')))
  if (!flags.has('--clients-only') && patterns.length === 0) {
    const isWhole = flags.has('--all')
    console.log(`compat: Apache Kafka’s own tests ${seconds()}`)
    all.push(await runScript('apache-kafka/run-quick.sh', isWhole ? ['all'] : []))
    console.log(`compat: the suites of franz-go and librdkafka ${seconds()}`)
    // The parts mostly wait for timers of the clients; at full length one disturbs the other.
    if (isWhole) for (const suite of wholeSuites) all.push(await runSuite(suite))
    else all.push(...(await Promise.all(quickSuites.map(runSuite))))
  }
  const passed = all.reduce((sum, counts) => sum + counts.passed, 0)
  const failed = all.reduce((sum, counts) => sum + counts.failed, 0)
  console.log(`compat: done ${seconds()}`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}

await main()
