import type { BrokerUnderBench } from '../broker-under-bench.ts'
import { consumerPerformance } from '../clients/java-tools.ts'
import { kcatFetch, kcatProduce } from '../clients/kcat.ts'
import { coldMethod, dropFromPageCache } from '../disk.ts'
import { ensureLineFile } from '../line-file.ts'
import type { Measure, Trial } from '../measure.ts'
import { type Measured, type Measurement, measureBytes } from '../measurement.ts'
import { makeTopic } from '../topics.ts'

const recordBytes = 1_000

/** Together they read twice what one alone reads. */
const manyConsumers = 8
const shareOfEach = 4

/** What was just written is read back by one and by many, from the page cache and from the disk. */
export const fetch: Measure = {
  name: 'fetch',
  doc: 'kcat -C -e and kafka-consumer-perf-test: tail and cold, 1 and 8 consumers',
  byDefault: true,
  trials: ({ megabytes }) => [fetchTrial(megabytes)],
}

function fetchTrial(megabytes: number): Trial {
  const records = megabytes * 1000
  return {
    title: 'fetch, 1 KB records',
    on: 'running',
    async run(broker: BrokerUnderBench): Promise<Measured> {
      const topic = await makeTopic(broker)
      await kcatProduce(broker.address, topic, ensureLineFile(records, recordBytes))
      return {
        'kcat fetch, tail, 1 consumer': await oneConsumer(broker, topic, records),
        [`kcat fetch, tail, ${manyConsumers} consumers`]: await severalConsumers(broker, topic, records),
        'Java fetch, tail': await javaConsumer(broker, topic, records),
        ...(await coldFetches(broker, topic, records)),
      }
    },
  }
}

async function coldFetches(broker: BrokerUnderBench, topic: string, records: number): Promise<Measured> {
  const { dataFolder } = broker
  // Of a broker that runs somewhere already, the files are not known; the whole cache may still be ours to empty.
  if (dataFolder === undefined && coldMethod() !== 'drop_caches') return {}
  const cold: Record<string, Measurement> = {}
  await dropFromPageCache(dataFolder ?? '')
  cold['kcat fetch, cold, 1 consumer'] = await oneConsumer(broker, topic, records)
  await dropFromPageCache(dataFolder ?? '')
  cold[`kcat fetch, cold, ${manyConsumers} consumers`] = await severalConsumers(broker, topic, records)
  await dropFromPageCache(dataFolder ?? '')
  cold['Java fetch, cold'] = await javaConsumer(broker, topic, records)
  return cold
}

function oneConsumer({ address, pid }: BrokerUnderBench, topic: string, records: number): Promise<Measurement> {
  return measureBytes(pid, records, records * recordBytes, () => kcatFetch(address, topic, 0, records))
}

/** Each reads the same last quarter, as the consumers of several applications do. */
function severalConsumers({ address, pid }: BrokerUnderBench, topic: string, records: number): Promise<Measurement> {
  const each = Math.floor(records / shareOfEach)
  const all = each * manyConsumers
  return measureBytes(pid, all, all * recordBytes, async () => {
    await Promise.all(Array.from({ length: manyConsumers }, () => kcatFetch(address, topic, records - each, each)))
  })
}

async function javaConsumer({ address, pid }: BrokerUnderBench, topic: string, records: number): Promise<Measurement> {
  let fetchMs = 0
  const usage = await measureBytes(pid, records, records * recordBytes, async () => {
    fetchMs = (await consumerPerformance(address, topic, records)).fetchMs
  })
  // Neither Java's start nor joining a group is fetching.
  return { ...usage, 'records/s': records / (fetchMs / 1000), 'MB/s': (records * recordBytes) / 1e3 / fetchMs }
}
