import { Broker } from '../broker.ts'

/** What a broker in a process of its own says about its memory after forced collections. */
export interface MeasuredMemory {
  readonly heapBytes: number
  readonly externalBytes: number
  readonly residentBytes: number
}

/*
 * A broker as a process of its own (`fork` with --expose-gc), so that only its memory is measured. It keeps its data in the folder of its
 * argument: records in memory would be measured too. It sends its port when it listens, then a MeasuredMemory for every message that comes. It ends with the channel.
 */

const collect = (globalThis as { gc?: () => void }).gc

/** Finalizers of what was collected free more: until nothing changes. */
async function measure(): Promise<MeasuredMemory> {
  for (let rounds = 0; rounds < 5; rounds++) {
    collect?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapBytes: heapUsed, externalBytes: external, residentBytes: rss }
}

const broker = await Broker.start({ host: '127.0.0.1', topics: { orders: 1 }, dataDir: process.argv[2] as string })
process.on('message', () => void measure().then((memory) => process.send?.(memory)))
process.on('disconnect', () => void broker.stop())
process.send?.(Number(broker.bootstrapServers.split(':').at(-1)))
