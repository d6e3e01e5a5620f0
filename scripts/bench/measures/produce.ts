import type { BrokerUnderBench } from '../broker-under-bench.ts'
import { producerPerformance } from '../clients/java-tools.ts'
import { kcatProduce } from '../clients/kcat.ts'
import { ensureLineFile } from '../line-file.ts'
import type { Measure, ProduceCase, Trial } from '../measure.ts'
import { type Measured, measureBytes } from '../measurement.ts'
import { makeTopic } from '../topics.ts'

/** Small records are counted rather than weighed: a client takes as long for 100 bytes as for 500. */
const recordsMax = 3_000_000

/** From so few lines Java's tool picks at random what it sends: making them up would cost it more than sending them. */
const payloadLines = 1_000

/** What is sent in a trial: as many records as the volume holds, within bounds. */
export function recordsOf(megabytes: number, recordBytes: number): number {
  return Math.max(1, Math.min(recordsMax, Math.round((megabytes * 1e6) / recordBytes)))
}

export function titleOf({ recordBytes, acks, partitions, codec }: ProduceCase): string {
  const size = recordBytes >= 1000 ? `${recordBytes / 1000} KB` : `${recordBytes} B`
  return [size, `acks=${acks}`, partitions === 1 ? '' : `${partitions} partitions`, codec === 'none' ? '' : codec]
    .filter(Boolean)
    .join(', ')
}

/** librdkafka's throughput into one partition. */
export const produce: Measure = {
  name: 'produce',
  doc: 'kcat -P -l FILE into one partition: each size, acks and codec',
  byDefault: true,
  trials: ({ megabytes, produceCases }) =>
    produceCases.filter(({ partitions }) => partitions === 1).map((of) => kcatTrial(of, megabytes)),
}

function kcatTrial(of: ProduceCase, megabytes: number): Trial {
  const { recordBytes, acks, codec } = of
  const title = `kcat produce, ${titleOf(of)}`
  const records = recordsOf(megabytes, recordBytes)
  return {
    title,
    on: 'running',
    async run(broker: BrokerUnderBench): Promise<Measured> {
      const file = ensureLineFile(records, recordBytes, codec === 'none' ? 'random' : 'json')
      const topic = await makeTopic(broker)
      const settings = [`acks=${acks}`, `compression.codec=${codec}`]
      return {
        [title]: await measureBytes(broker.pid, records, records * recordBytes, () =>
          kcatProduce(broker.address, topic, file, settings),
        ),
      }
    },
  }
}

/** Java's producer, which spreads over partitions as it likes. */
export const javaProduce: Measure = {
  name: 'java-produce',
  doc: 'kafka-producer-perf-test: the first of the cases, and those of several partitions',
  byDefault: true,
  trials: ({ megabytes, produceCases }) =>
    produceCases.filter(({ partitions }, index) => partitions > 1 || index === 0).map((of) => javaTrial(of, megabytes)),
}

function javaTrial(of: ProduceCase, megabytes: number): Trial {
  const { recordBytes, acks, codec, partitions } = of
  const title = `Java produce, ${titleOf(of)}`
  const records = recordsOf(megabytes, recordBytes)
  return {
    title,
    on: 'running',
    async run(broker: BrokerUnderBench): Promise<Measured> {
      const payload = ensureLineFile(payloadLines, recordBytes, codec === 'none' ? 'random' : 'json')
      const topic = await makeTopic(broker, partitions)
      // An idempotent producer insists on acks=all.
      const settings = [`acks=${acks}`, `compression.type=${codec}`, ...(acks === 'all' ? [] : ['enable.idempotence=false'])]
      const { address, pid } = broker
      let recordsPerSecond = 0
      const usage = await measureBytes(pid, records, records * recordBytes, async () => {
        recordsPerSecond = (await producerPerformance(address, topic, records, payload, settings)).recordsPerSecond
      })
      // Java's start is in our time and not in its own.
      const rate = { 'records/s': recordsPerSecond, 'MB/s': (recordsPerSecond * recordBytes) / 1e6 }
      return { [title]: { ...usage, ...rate } }
    },
  }
}
