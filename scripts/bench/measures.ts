import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cacheFolder } from '../../compat-tests/folders.ts'
import { answersApiVersions } from '../../compat-tests/probe.ts'
import { type BrokerUnderBench, prepareBroker } from './broker-under-bench.ts'
import { ensureLineFile, lineBytes } from './line-file.ts'
import { type Measurement, measureBytes } from './measurement.ts'
import { readUsage } from './process-usage.ts'
import { runProgram } from './run-program.ts'

export interface Sizes {
  /** Records of 1,000 bytes that kcat sends and reads back. */
  readonly lineCount: number
  /** Records that Java's producer sends. */
  readonly perfRecordCount: number
  /** Records whose way there and back is timed one by one. */
  readonly latencyRecordCount: number
}

const kafkaTools = ['-Xmx512m', '-cp', join(cacheFolder, 'kafka-reference', 'lib', '*')]

/** librdkafka's producer and consumer, one partition. Gives a measurement for each direction. */
export async function measureKcat(
  { address, pid }: BrokerUnderBench,
  { lineCount }: Sizes,
): Promise<Record<string, Measurement>> {
  const file = ensureLineFile(lineCount)
  const partition = ['-b', address, '-t', `bench-${randomUUID()}`, '-p', '0']
  const bytes = lineCount * lineBytes
  const produce = await measureBytes(pid, lineCount, bytes, async () => {
    await runProgram('kcat', ['-P', ...partition, '-l', file])
  })
  const fetch = await measureBytes(pid, lineCount, bytes, async () => {
    // Each record is printed as one byte, which is enough to count them.
    const printed = await runProgram('kcat', ['-C', ...partition, '-o', 'beginning', '-e', '-q', '-f', '.'])
    if (printed.length !== lineCount) throw new Error(`kcat read back ${printed.length} of ${lineCount} records`)
  })
  return { 'kcat produce': produce, 'kcat fetch': fetch }
}

/** Java's producer, acks=all. */
export async function measureProducerPerf(
  { address, pid }: BrokerUnderBench,
  { perfRecordCount }: Sizes,
): Promise<Record<string, Measurement>> {
  let printed = ''
  const usage = await measureBytes(pid, perfRecordCount, perfRecordCount * lineBytes, async () => {
    const words = `--topic perf-${randomUUID()} --num-records ${perfRecordCount} --record-size ${lineBytes} --throughput -1`
    const parameters = [...words.split(' '), '--bootstrap-server', address, '--command-property', 'acks=all']
    printed = await runProgram('java', [...kafkaTools, 'org.apache.kafka.tools.ProducerPerformance', ...parameters])
  })
  const last = printed.trim().split('\n').at(-1)!
  const number = (pattern: RegExp): number => Number(last.match(pattern)?.[1] ?? Number.NaN)
  // Java's start is in our time and not in its own.
  const measurement = {
    ...usage,
    'records/s': number(/([\d.]+) records\/sec/),
    'MB/s': (number(/([\d.]+) records\/sec/) * lineBytes) / 1e6,
    'avg ms': number(/([\d.]+) ms avg latency/),
    'p99 ms': number(/([\d.]+) ms 99th/),
  }
  return { 'kafka-producer-perf-test': measurement }
}

/** A record's way to the broker, acks=all, and back to a consumer. */
export async function measureLatency(
  { address }: BrokerUnderBench,
  { latencyRecordCount }: Sizes,
): Promise<Record<string, Measurement>> {
  const words = `--topic latency-${randomUUID()} --num-records ${latencyRecordCount} --producer-acks all --record-size 100`
  const parameters = [...words.split(' '), '--bootstrap-server', address]
  const printed = await runProgram('java', [...kafkaTools, 'org.apache.kafka.tools.EndToEndLatency', ...parameters])
  const number = (pattern: RegExp): number => Number(printed.match(pattern)?.[1] ?? Number.NaN)
  const measurement = {
    'avg ms': number(/Avg latency: ([\d.]+)/),
    'p50 ms': number(/50th = ([\d.]+)/),
    'p99 ms': number(/99th = ([\d.]+)/),
    'p99.9 ms': number(/99\.9th = ([\d.]+)/),
  }
  return { 'kafka-e2e-latency': measurement }
}

/** From the process's start to the first record produced and consumed by kcat, and what it holds then at rest. */
export async function measureStart(command: string): Promise<Record<string, Measurement>> {
  await using broker = await prepareBroker(command)
  const began = performance.now()
  const child = broker.spawn()
  while (!(await answersApiVersions('127.0.0.1', broker.port, 500))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${broker.output.slice(-2000)}`)
    if (performance.now() - began > 60_000) throw new Error(`${command} does not answer: ${broker.output.slice(-2000)}`)
    await wait(2)
  }
  const ready = performance.now() - began
  const partition = ['-b', broker.address, '-t', 'first', '-p', '0']
  await runProgram('kcat', ['-P', ...partition], 60_000, 'first\n')
  const printed = await runProgram('kcat', ['-C', ...partition, '-o', 'beginning', '-c', '1', '-q'], 60_000)
  const first = performance.now() - began
  if (printed !== 'first\n') throw new Error(`kcat read ${JSON.stringify(printed)}`)
  await wait(2_000)
  const idle = readUsage(broker.pid!)
  return {
    start: { 'ready ms': ready, 'first record ms': first, 'idle RSS MB': idle.residentBytes / 1e6, 'CPU s': idle.cpuSeconds },
  }
}
