import { setTimeout as wait } from 'node:timers/promises'
import type { BrokerProcess } from '../../../compat-tests/broker-process.ts'
import type { BrokerChoice } from '../broker-choice.ts'
import { type BrokerUnderBench, prepareBroker, underBench } from '../broker-under-bench.ts'
import { kcatFetch, kcatProduce } from '../clients/kcat.ts'
import { ensureLineFile } from '../line-file.ts'
import type { Measure, Volumes } from '../measure.ts'
import { type Measured, type Measurement, measureBytes } from '../measurement.ts'
import { readUsage } from '../process-usage.ts'
import { median } from '../statistics.ts'
import { clearTopics, makeIdlePartitions, makeTopic } from '../topics.ts'
import { IdleConnections } from './idle-connections.ts'
import { measureAtRate } from './latency.ts'
import { restMs, timeStart } from './start.ts'

const descriptorsMax = 20_000
const recordBytes = 1_000
const busyRate = 1_000
const busySeconds = 8
const busyRounds = 3
const endLimitMs = 120_000

/** One busy topic with and without thousands of idle partitions and connections beside it; what each of these takes; a start among them. */
export const crowd: Measure = {
  name: 'crowd',
  doc: 'a busy topic beside 10,000 idle partitions and 5,000 idle connections; bytes for each; starting with them',
  byDefault: false,
  trials: (volumes) => [{ title: 'crowd', on: 'started', run: (choice) => measureCrowd(choice, volumes) }],
}

async function measureCrowd(choice: BrokerChoice, volumes: Volumes): Promise<Measured> {
  const command = `sh -c 'ulimit -n ${descriptorsMax} && exec ${choice.command} "$0"'`
  await using broker = await prepareBroker(
    { ...choice, command },
    { 'max.connections': '100000', 'connections.max.idle.ms': '3600000' },
  )
  await broker.start()
  try {
    return await measureRunning(broker, underBench(choice.name, broker), volumes)
  } catch (error) {
    // At such numbers a broker may end; it alone knows why.
    throw new Error(`${(error as Error).message}; the broker printed: ${broker.output.slice(-800)}`, { cause: error })
  }
}

async function measureRunning(broker: BrokerProcess, measured: BrokerUnderBench, volumes: Volumes): Promise<Measured> {
  const { idlePartitions, idleConnections } = volumes
  await busyTopic(measured, volumes, 1)
  const without = await busyTopic(measured, volumes, busyRounds)
  const partitionBytes = await bytesOfEach(broker.pid!, marksOf(idlePartitions), (already, until) =>
    makeIdlePartitions(measured, until - already),
  )
  using connections = new IdleConnections()
  const connectionBytes = await bytesOfEach(broker.pid!, marksOf(idleConnections), (_already, until) =>
    connections.open('127.0.0.1', broker.port, until),
  )
  const full = readUsage(broker.pid!).residentBytes
  const beside = await busyTopic(measured, volumes, busyRounds)
  if (connections.lost > 0) throw new Error(`${connections.lost} idle connections were closed`)
  connections[Symbol.dispose]()
  await clearTopics(measured)
  const state = `${idlePartitions.toLocaleString('en')} partitions`
  return {
    'idle partition': partitionBytes,
    'idle connection': connectionBytes,
    [`${state}, ${idleConnections.toLocaleString('en')} connections`]: { 'RSS MB': full / 1e6 },
    'busy topic alone': without,
    'busy topic beside them': beside,
    'busy topic, how it suffers': quotients(beside, without),
    ...(await startsAmong(broker, state)),
  }
}

/** Half way and at the end, after a first thousand, which also pays for what is needed once. */
function marksOf(count: number): readonly number[] {
  return [...new Set([1_000, Math.ceil(count / 2), count])].filter((mark) => mark <= count && (mark >= 1_000 || mark === count))
}

/** Resident bytes for each of what is made, step by step: flat when later ones cost no more than earlier ones. */
async function bytesOfEach(
  pid: number,
  marks: readonly number[],
  make: (already: number, until: number) => Promise<void>,
): Promise<Measurement> {
  const bytes: Record<string, number> = {}
  await wait(restMs)
  let [already, before] = [0, readUsage(pid).residentBytes]
  const began = performance.now()
  for (const until of marks) {
    await make(already, until)
    await wait(restMs)
    const after = readUsage(pid).residentBytes
    bytes[`RSS bytes each, ${already + 1} to ${until}`] = (after - before) / (until - already)
    already = until
    before = after
  }
  return { ...bytes, 'avg ms to make one': (performance.now() - began - marks.length * restMs) / already }
}

async function busyTopic(broker: BrokerUnderBench, { megabytes }: Volumes, rounds: number): Promise<Measurement> {
  const results: Measurement[] = []
  for (let round = 0; round < rounds; round++) results.push(await busyRound(broker, megabytes * 1000))
  const names = Object.keys(results[0]!)
  return Object.fromEntries(names.map((name) => [name, median(results.map((result) => result[name]!))]))
}

async function busyRound(broker: BrokerUnderBench, records: number): Promise<Measurement> {
  const topic = await makeTopic(broker)
  const file = ensureLineFile(records, recordBytes)
  const { pid, address } = broker
  const bytes = records * recordBytes
  const produced = await measureBytes(pid, records, bytes, () => kcatProduce(address, topic, file))
  const fetched = await measureBytes(pid, records, bytes, () => kcatFetch(address, topic, 0, records))
  const timed = await measureAtRate(broker, 'busy', { rate: busyRate, seconds: busySeconds, acks: 'all' })
  await clearTopics(broker)
  const endToEnd = timed['end to end, busy']!
  return {
    'produce MB/s': produced['MB/s']!,
    'produce CPU s/GB': produced['CPU s/GB']!,
    'fetch MB/s': fetched['MB/s']!,
    'fetch CPU s/GB': fetched['CPU s/GB']!,
    'end to end avg ms': endToEnd['avg ms']!,
    'end to end p99 ms': endToEnd['p99 ms']!,
  }
}

function quotients(beside: Measurement, without: Measurement): Measurement {
  return Object.fromEntries(Object.keys(beside).map((name) => [`with / without: ${name}`, beside[name]! / without[name]!]))
}

/** The next start, after an orderly end and after a kill, with all partitions there. */
async function startsAmong(broker: BrokerProcess, state: string): Promise<Measured> {
  if ((await broker.end('SIGTERM', endLimitMs)) === null) throw new Error(`no orderly end within ${endLimitMs / 1000} s`)
  const clean = await timeStart(broker)
  await wait(restMs)
  const resident = readUsage(broker.pid!).residentBytes / 1e6
  await broker.end('SIGKILL')
  const crashed = await timeStart(broker)
  return { [`start with ${state}`]: { ...clean, 'RSS MB': resident }, [`start with ${state}, after a kill`]: crashed }
}
