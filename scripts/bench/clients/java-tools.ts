import { join } from 'node:path'
import { cacheFolder } from '../../../compat-tests/folders.ts'
import { runProgram } from '../run-program.ts'

const java = ['-Xmx512m', '-cp', join(cacheFolder, 'kafka-reference', 'lib', '*')]

function runTool(name: string, parameters: readonly string[]): Promise<string> {
  return runProgram('java', [...java, `org.apache.kafka.tools.${name}`, ...parameters])
}

/** kafka-producer-perf-test with Java's own settings but for those that are given. The rate is its own: Java's start is not in it. */
export async function producerPerformance(
  address: string,
  topic: string,
  records: number,
  payloadFile: string,
  settings: readonly string[],
): Promise<{ readonly recordsPerSecond: number }> {
  const words = `--bootstrap-server ${address} --topic ${topic} --num-records ${records} --throughput -1`.split(' ')
  const printed = await runTool('ProducerPerformance', [
    ...words,
    '--payload-file',
    payloadFile,
    '--command-property',
    ...settings,
  ])
  return parseProducerPerformance(printed)
}

/** Its last line is that of all records. Its latencies are those of records that queue up inside of it: no figure of a broker. */
export function parseProducerPerformance(printed: string): { readonly recordsPerSecond: number } {
  return { recordsPerSecond: numberIn(printed.trim().split('\n').at(-1)!, /([\d.]+) records\/sec/) }
}

/** kafka-consumer-perf-test in a group of its own, from the beginning. Its time without that of joining: what fetching alone took. */
export async function consumerPerformance(
  address: string,
  topic: string,
  records: number,
): Promise<{ readonly fetchMs: number }> {
  const words = `--bootstrap-server ${address} --topic ${topic} --num-records ${records} --timeout 60000`.split(' ')
  const { fetchMs, records: read } = parseConsumerPerformance(await runTool('ConsumerPerformance', words))
  if (read < records) throw new Error(`kafka-consumer-perf-test read ${read} of ${records} records`)
  return { fetchMs }
}

export function parseConsumerPerformance(printed: string): { readonly fetchMs: number; readonly records: number } {
  const lines = printed.trim().split('\n')
  const names = (lines.find((line) => line.startsWith('start.time')) ?? '').split(',').map((name) => name.trim())
  const values = lines
    .at(-1)!
    .split(',')
    .map((value) => value.trim())
  const at = (name: string): number => {
    const value = Number(values[names.indexOf(name)])
    if (Number.isNaN(value)) throw new Error(`kafka-consumer-perf-test did not print ${name}: ${printed.slice(-1000)}`)
    return value
  }
  return { fetchMs: at('fetch.time.ms'), records: at('data.consumed.in.nMsg') }
}

/** kafka-e2e-latency: one record at a time, acks=all, whole milliseconds but for the average. */
export async function endToEndAverageMs(address: string, topic: string, records: number): Promise<number> {
  const words = `--topic ${topic} --num-records ${records} --producer-acks all --record-size 100 --bootstrap-server ${address}`
  return numberIn(await runTool('EndToEndLatency', words.split(' ')), /Avg latency: ([\d.]+)/)
}

function numberIn(text: string, pattern: RegExp): number {
  const found = text.match(pattern)?.[1]
  if (found === undefined) throw new Error(`a tool of Kafka’s did not print ${pattern.source}: ${text.slice(-1000)}`)
  return Number(found)
}
