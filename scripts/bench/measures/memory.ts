import { setTimeout as wait } from 'node:timers/promises'
import type { BrokerChoice } from '../broker-choice.ts'
import { startBroker } from '../broker-under-bench.ts'
import { kcatFetch, kcatProduce } from '../clients/kcat.ts'
import { ensureLineFile } from '../line-file.ts'
import type { Measure } from '../measure.ts'
import type { Measured } from '../measurement.ts'
import { readUsage, resetResidentMax } from '../process-usage.ts'
import { makeTopic } from '../topics.ts'
import { restMs } from './start.ts'

const recordBytes = 1_000
const recordsPerStep = 500_000
const gigabytesPerStep = (recordBytes * recordsPerStep) / 1e9

/** Whether memory still grows when all is warm: each half gigabyte is written, and read back, and then memory is looked at. */
export const memory: Measure = {
  name: 'memory',
  doc: 'resident memory idle, under load, and after 10 GB written and read; whether it still grows',
  byDefault: false,
  trials: ({ memoryGigabytes }) => [
    { title: 'memory', on: 'started', run: (choice: BrokerChoice) => measureMemory(choice, memoryGigabytes) },
  ],
}

async function measureMemory(choice: BrokerChoice, gigabytes: number): Promise<Measured> {
  const broker = await startBroker(choice)
  try {
    const pid = broker.pid!
    await wait(restMs)
    const idle = readUsage(pid)
    resetResidentMax(pid)
    const residents: number[] = []
    const file = ensureLineFile(recordsPerStep, recordBytes)
    const topic = await makeTopic(broker)
    for (let step = 0; step < Math.max(4, Math.round(gigabytes / gigabytesPerStep)); step++) {
      await kcatProduce(broker.address, topic, file)
      await kcatFetch(broker.address, topic, step * recordsPerStep, recordsPerStep)
      residents.push(readUsage(pid).residentBytes)
    }
    console.log(`    RSS MB after each ${gigabytesPerStep} GB: ${residents.map((bytes) => Math.round(bytes / 1e6)).join(' ')}`)
    const peak = readUsage(pid).residentBytesMax
    await wait(restMs)
    return {
      [`memory, ${gigabytes} GB written and read`]: {
        'idle RSS MB': idle.residentBytes / 1e6,
        'peak RSS MB': peak / 1e6,
        'RSS MB after it': readUsage(pid).residentBytes / 1e6,
        'growth in its last half, MB/GB': growth(residents.slice(Math.floor(residents.length / 2))),
      },
    }
  } finally {
    await broker.stop()
  }
}

/** The slope of the straight line through the points that lies nearest to them all, since single points go up and down with the garbage. */
export function growth(residentBytes: readonly number[]): number {
  const count = residentBytes.length
  const meanAt = (count - 1) / 2
  const mean = residentBytes.reduce((sum, bytes) => sum + bytes, 0) / count
  const shared = residentBytes.reduce((sum, bytes, at) => sum + (at - meanAt) * (bytes - mean), 0)
  const squares = residentBytes.reduce((sum, _bytes, at) => sum + (at - meanAt) ** 2, 0)
  return squares === 0 ? 0 : shared / squares / 1e6 / gigabytesPerStep
}
