import { expect, test } from '@jest/globals'
import { Buffers } from '../environment/buffers.ts'
import type { Environment } from '../environment/environment.ts'
import { seededRandom } from '../environment/random.ts'
import { RecordingLogger } from '../environment/recording-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { SystemFiles } from '../environment/system-files.ts'
import { MemoryStorage } from '../storage/memory/memory-storage.ts'
import { CleanerOffsets } from './cleaner/cleaner-offsets.ts'
import { ControlledStorage } from './controlled-storage.ts'
import { LogStartOffsets } from './log-start-offsets.ts'
import { LogState } from './log-state.ts'
import type { PreparedBatch } from './prepared-batch.ts'
import { StoragePartitionLog } from './storage-partition-log.ts'
import { defaultLogConfig, startMs, testPartition, testRecords } from './test-log.ts'
import { UnsavedBytes } from './unsaved-bytes.ts'

/** A log with what it knows of itself. */
async function openLog(storage: ControlledStorage, environment: Environment) {
  const logs: StoragePartitionLog[] = []
  const events = {
    written: () => logs[0]?.written(),
    durable: () => logs[0]?.durable(),
    failed: () => {},
  }
  const partition = await storage.openPartition(testPartition, { onCorruption: 'cut', fence: 0, events })
  const stateOptions = {
    producerIdExpirationMs: 86_400_000,
    durability: 'fsync',
    unsaved: new UnsavedBytes(),
    environment,
  } as const
  const state = await LogState.load(partition, 0n, stateOptions)
  const logStartOffsets = await LogStartOffsets.load(storage.files)
  const cleanerOffsets = await CleanerOffsets.load(storage.files, environment.logger)
  const options = { id: testPartition, partition, storage, state, config: defaultLogConfig, leaderEpoch: 0, logStartOffset: 0n }
  const log = new StoragePartitionLog({ ...options, durability: 'fsync', logStartOffsets, cleanerOffsets, environment })
  logs.push(log)
  return { log, state }
}

// __consumer_offsets holds very many transactions, and nobody ever asks up to where it is stable.
test('the ends of transactions that readers can see are forgotten, though nobody asks; and are not kept by a start', async () => {
  const time = new SimulatedClock(startMs)
  const [buffers, logger] = [new Buffers(), new RecordingLogger()]
  const environment = { time, real: time, random: seededRandom(1), logger, files: new SystemFiles(), buffers }
  const memory = new MemoryStorage({ time, buffers, logger, limitBytes: 1 << 20 })
  const storage = new ControlledStorage(memory)
  const { log, state } = await openLog(storage, environment)
  const partition = storage.partitions.get(`${testPartition.topic}-${testPartition.partition}`)!
  const persist = () => {
    partition.write()
    partition.sync()
  }
  for (let sequence = 0; sequence < 20; sequence += 1) {
    const records = testRecords({ producerId: 7n, producerEpoch: 0, baseSequence: sequence, isTransactional: true })
    log.append(log.prepare(records, { by: 'client' }) as PreparedBatch, 'not-required')
    log.appendMarker({ producerId: 7n, producerEpoch: 0, coordinatorEpoch: 0, transactionVersion: 1, commit: true })
    if (sequence % 5 === 4) persist()
  }
  expect(state.producers.transactions.unseenEnds).toBe(0)
  log.appendMarker({ producerId: 7n, producerEpoch: 0, coordinatorEpoch: 0, transactionVersion: 1, commit: true })
  persist()
  await partition.close()
  const again = await openLog(new ControlledStorage(memory), environment)
  expect(again.log.highWatermark).toBe(41n)
  expect(again.state.producers.transactions.unseenEnds).toBe(0)
})
