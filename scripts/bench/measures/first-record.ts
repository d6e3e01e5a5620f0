import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import type { BrokerChoice } from '../broker-choice.ts'
import { prepareBroker } from '../broker-under-bench.ts'
import type { Measure } from '../measure.ts'
import type { Measured, Measurement } from '../measurement.ts'
import { runProgram } from '../run-program.ts'
import { quantile } from '../statistics.ts'
import { TimingProxy } from './timing-proxy.ts'

const joins = 30
const topic = 'first-record'
/** No answer without the record has that many bytes. */
const recordBytes = 5_000
const fetchKey = 1
const findCoordinatorKey = 10

/**
 * How long a consumer that joins an empty group waits for a record that is there. kafkajs: by the clock, from `subscribe` and from `connect` on.
 * librdkafka waits on timers of its own; so of kcat's requests, from FindCoordinator to the Fetch that brought the record, the sum of
 * what the broker took for each is measured, at a proxy beside the broker.
 */
export const firstRecord: Measure = {
  name: 'first',
  doc: 'a consumer that joins an empty group, until it has a record that is there: kafkajs, kcat',
  byDefault: false,
  trials: () => [{ title: 'first', on: 'started', run: measureFirstRecord }],
}

async function measureFirstRecord(choice: BrokerChoice): Promise<Measured> {
  await using proxy = await TimingProxy.start()
  await using broker = await prepareBroker(choice, { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}` })
  proxy.to(broker.port)
  await broker.start()
  const address = `127.0.0.1:${proxy.port}`
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'x'.repeat(recordBytes) }] })
  await producer.disconnect()

  const afterSubscribe: number[] = []
  const afterConnect: number[] = []
  for (let join = 0; join < joins; join++) {
    const { connectMs, firstMs } = await joinOnce(kafka)
    afterSubscribe.push(firstMs)
    afterConnect.push(connectMs + firstMs)
  }
  const requestSums: number[] = []
  for (let join = 0; join < joins; join++) {
    const before = proxy.requests.length
    const words = ['-b', address, '-G', randomUUID(), '-c', '1', '-q', '-X', 'auto.offset.reset=earliest', topic]
    await runProgram('kcat', words, 60_000)
    requestSums.push(sumFromFindCoordinator(proxy, before))
  }
  return {
    'kafkajs, subscribe to record': distribution(afterSubscribe),
    'kafkajs, connect to record': distribution(afterConnect),
    'kcat, sum of its requests': distribution(requestSums),
  }
}

async function joinOnce(kafka: Kafka): Promise<{ readonly connectMs: number; readonly firstMs: number }> {
  const consumer = kafka.consumer({ groupId: randomUUID() })
  const began = performance.now()
  await consumer.connect()
  const connected = performance.now()
  let first = Number.NaN
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
    const eachMessage = async (): Promise<void> => {
      first = performance.now()
      resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return { connectMs: connected - began, firstMs: first - connected }
}

function sumFromFindCoordinator({ requests }: TimingProxy, from: number): number {
  const of = requests.slice(from)
  const first = of.findIndex(({ apiKey }) => apiKey === findCoordinatorKey)
  const last = of.findIndex(({ apiKey, responseBytes }) => apiKey === fetchKey && responseBytes > recordBytes)
  if (first < 0 || last < first) throw new Error(`kcat asked for ${of.map(({ apiKey }) => apiKey)}`)
  return of.slice(first, last + 1).reduce((sum, { ms }) => sum + ms, 0)
}

/** The first time is told apart: it makes the internal topic, and compiles what is used first. */
function distribution([first, ...others]: readonly number[]): Measurement {
  return {
    'first ms': first!,
    'p50 ms': quantile(others, 0.5),
    'p90 ms': quantile(others, 0.9),
    'p100 ms': Math.max(...others),
  }
}
