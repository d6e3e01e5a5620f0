import type { BrokerUnderBench } from '../broker-under-bench.ts'
import { endToEndAverageMs } from '../clients/java-tools.ts'
import { type Latencies, runOpenLoop } from '../clients/open-loop.ts'
import type { Acks, Measure, Trial } from '../measure.ts'
import type { Measured, Measurement } from '../measurement.ts'
import { readUsage } from '../process-usage.ts'
import { makeTopic } from '../topics.ts'

const recordBytes = 100
const warmUpSeconds = 2

/** Latency at a fixed rate: records are sent when they are due, whether the broker kept up or not. */
export const latency: Measure = {
  name: 'latency',
  doc: 'franz-go at fixed rates, open loop: produce and end to end, from when a record was meant to be sent',
  byDefault: true,
  trials: ({ rates, latencySeconds, latencyAcks }) => rates.map((rate) => openLoopTrial(rate, latencySeconds, latencyAcks)),
}

function openLoopTrial(rate: number, seconds: number, acks: Acks): Trial {
  const title = `${rate.toLocaleString('en')} records/s, acks=${acks}`
  return { title, on: 'running', run: (broker) => measureAtRate(broker, title, { rate, seconds, acks }) }
}

export async function measureAtRate(
  broker: BrokerUnderBench,
  title: string,
  { rate, seconds, acks }: { readonly rate: number; readonly seconds: number; readonly acks: Acks },
): Promise<Measured> {
  const topic = await makeTopic(broker)
  const { address, pid } = broker
  const cpu = (): number => {
    if (pid === undefined) return Number.NaN
    const { userSeconds, systemSeconds } = readUsage(pid)
    return userSeconds + systemSeconds
  }
  const [before, began] = [cpu(), performance.now()]
  const result = await runOpenLoop(address, topic, { rate, seconds, warmUpSeconds, recordBytes, acks })
  const cores = (cpu() - before) / ((performance.now() - began) / 1000)
  return {
    [`produce, ${title}`]: { ...inMilliseconds(result.acknowledged), 'sent late p99 ms': result.late.p99 },
    [`end to end, ${title}`]: { ...inMilliseconds(result.read), ...(Number.isNaN(cores) ? {} : { 'CPU cores': cores }) },
  }
}

function inMilliseconds({ average, p50, p99, p999 }: Latencies): Measurement {
  return { 'avg ms': average, 'p50 ms': p50, 'p99 ms': p99, 'p99.9 ms': p999 }
}

const recordsOneByOne = 3_000

/** Kafka's own tool, for its average. */
export const endToEnd: Measure = {
  name: 'e2e',
  doc: 'kafka-e2e-latency, acks=all: one record at a time, its average',
  byDefault: true,
  trials: () => [
    {
      title: 'kafka-e2e-latency',
      on: 'running',
      run: async (broker) => ({
        'kafka-e2e-latency': {
          'avg ms': await endToEndAverageMs(broker.address, await makeTopic(broker), recordsOneByOne),
        },
      }),
    },
  ],
}
