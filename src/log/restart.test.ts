import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../environment/buffers.ts'
import type { Files, OpenFile } from '../environment/files.ts'
import { seededRandom } from '../environment/random.ts'
import { RecordingLogger } from '../environment/recording-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { SystemFiles } from '../environment/system-files.ts'
import { SegmentStorage } from '../storage/segments/segment-storage.ts'
import { CleanerOffsets } from './cleaner/cleaner-offsets.ts'
import type { LogConfig } from './log-config.ts'
import { LogStartOffsets } from './log-start-offsets.ts'
import { openPartitionLog } from './open-partition-log.ts'
import type { PartitionLog } from './partition-log.ts'
import type { PreparedBatch } from './prepared-batch.ts'
import { defaultLogConfig, sequenced, startMs, type TestBatchOptions, testPartition, testRecords } from './test-log.ts'
import { UnsavedBytes } from './unsaved-bytes.ts'

/** The disk of this machine, which counts the reads of log files, and of whole indexes. */
function countingFiles(): Files & { logReads: number; indexReads: number } {
  const counted = Object.assign(new SystemFiles(), { logReads: 0, indexReads: 0 })
  const watched = (file: OpenFile): OpenFile => {
    if (!file.path.endsWith('.log')) return file
    return new Proxy(file, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (name === 'read' || name === 'readSync') counted.logReads += 1
          return value.apply(target, given)
        }
      },
    })
  }
  const [open, openSync] = [counted.open.bind(counted), counted.openSync.bind(counted)]
  const [read, readSync] = [counted.read.bind(counted), counted.readSync.bind(counted)]
  const noteIndex = (path: string): void => {
    if (path.endsWith('.index')) counted.indexReads += 1
  }
  counted.read = (path) => {
    noteIndex(path)
    return read(path)
  }
  counted.readSync = (path) => {
    noteIndex(path)
    return readSync(path)
  }
  counted.open = async (path, options) => watched(await open(path, options))
  counted.openSync = (path, options) => watched(openSync(path, options))
  return counted
}

/** A log on the disk; each start is a process of its own. */
class DiskLog {
  readonly directory = mkdtempSync(join(tmpdir(), 'grete-restart-'))
  readonly clock = new SimulatedClock(startMs)
  readonly logger = new RecordingLogger()
  readonly config: LogConfig
  files = countingFiles()
  log!: PartitionLog
  #storage!: SegmentStorage
  #epoch = 0

  constructor(config: Partial<LogConfig>) {
    this.config = { ...defaultLogConfig, ...config }
  }

  async start(): Promise<void> {
    this.files = countingFiles()
    const [buffers, random] = [new Buffers(), seededRandom(1)]
    const { directory, files, clock: time, logger } = this
    this.#storage = new SegmentStorage({ directory, files, buffers, time, random, logger, durability: 'fsync', threads: 4 })
    const environment = { time, real: time, random, logger, files, buffers }
    await this.#storage.open()
    this.log = await openPartitionLog({
      storage: this.#storage,
      id: testPartition,
      config: this.config,
      leaderEpoch: this.#epoch++,
      durability: 'fsync',
      producerIdExpirationMs: 86_400_000,
      unsaved: new UnsavedBytes(),
      logStartOffsets: await LogStartOffsets.load(this.#storage.files),
      cleanerOffsets: await CleanerOffsets.load(this.#storage.files, logger),
      environment,
    })
  }

  async append(options: TestBatchOptions = {}): Promise<void> {
    const { lastOffset } = this.log.append(
      this.log.prepare(testRecords(options), { by: 'client' }) as PreparedBatch,
      'not-required',
    )
    await this.log.whenDurable(lastOffset + 1n)
  }

  async stop(): Promise<void> {
    await this.log.close()
    await this.#storage.close(Buffer.from('{"version":0,"brokerEpoch":1}'))
  }

  /** All is on the disk, but nothing vouches for it. */
  async crash(): Promise<void> {
    await this.#storage.close(null)
  }

  names(suffix: string): string[] {
    const folder = join(this.directory, `${testPartition.topic}-${testPartition.partition}`)
    return readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .sort()
  }

  path(name: string): string {
    return join(this.directory, `${testPartition.topic}-${testPartition.partition}`, name)
  }
}

const batchBytes = testRecords({ ...sequenced(0, 0) }).sizeBytes
const transactional = { producerId: 9n, producerEpoch: 0, isTransactional: true }
let disk: DiskLog

async function opened(config: Partial<LogConfig> = {}): Promise<DiskLog> {
  disk = new DiskLog({ segmentBytes: 10 * batchBytes, ...config })
  await disk.start()
  return disk
}

/** 25 batches of one producer in three segments; the fourth is the transaction of another, aborted. */
async function filled(): Promise<void> {
  for (let sequence = 0; sequence < 25; sequence += 1) {
    await disk.append(sequenced(0, sequence))
    if (sequence === 3) {
      await disk.append({ ...transactional, baseSequence: 0 })
      disk.log.appendMarker({ producerId: 9n, producerEpoch: 0, coordinatorEpoch: 0, transactionVersion: 1, commit: false })
    }
  }
  await disk.log.whenDurable(disk.log.logEndOffset)
  // Each roll leaves a snapshot, in the background.
  while (disk.names('.snapshot').length < 2) await new Promise<void>((resolve) => setImmediate(resolve))
}

function expectAllKnown(): void {
  expect(disk.log.abortedTransactions(0n, 100n)).toEqual([{ producerId: 9n, firstOffset: 4n, lastOffset: 5n }])
  expect(disk.log.activeProducers()).toMatchObject([
    { producerId: 7n, lastSequence: 24 },
    { producerId: 9n, lastSequence: 0 },
  ])
  const retry = disk.log.prepare(testRecords(sequenced(0, 20)), { by: 'client' }) as PreparedBatch
  expect(disk.log.append(retry)).toMatchObject({ duplicate: true, baseOffset: 22n })
}

beforeEach(async () => {
  await opened()
})

afterEach(async () => {
  await disk.crash()
  rmSync(disk.directory, { recursive: true })
})

describe('a start after a clean stop', () => {
  test('reads no log file, and knows producers, their last five batches, aborted transactions and epochs', async () => {
    await filled()
    await disk.stop()
    await disk.start()
    expect(disk.files.logReads).toBe(0)
    expectAllKnown()
    expect(disk.log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 27n })
    await disk.stop()
    await disk.start()
    expect(disk.files.logReads).toBe(0)
    expectAllKnown()
  })

  test('of a log that nobody uses writes nothing', async () => {
    await filled()
    await disk.stop()
    const { replace } = disk.files
    await disk.start()
    const replaced: string[] = []
    disk.files.replace = (path, bytes) => {
      if (!path.endsWith('.kafka_cleanshutdown')) replaced.push(path)
      return replace.call(disk.files, path, bytes)
    }
    await disk.log.close()
    expect(replaced).toEqual([])
  })

  test('leaves snapshots at the beginning of each segment and at the end, as Kafka does', async () => {
    await filled()
    await disk.stop()
    expect(disk.names('.snapshot')).toEqual([10n, 20n, 27n].map((offset) => `${String(offset).padStart(20, '0')}.snapshot`))
    expect(disk.names('.txnindex')).toEqual(['00000000000000000000.txnindex'])
    await disk.start()
  })
})

describe('a start after a crash', () => {
  test('knows the same', async () => {
    await filled()
    await disk.crash()
    await disk.start()
    expect(disk.files.logReads).toBeGreaterThan(0)
    expectAllKnown()
    expect(disk.log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 27n })
  })

  test('reads the index of its last segment once, though it looks up more than where to check from', async () => {
    await disk.crash()
    rmSync(disk.directory, { recursive: true })
    await opened({ segmentBytes: 1 << 30, indexIntervalBytes: 1 })
    for (let sequence = 0; sequence < 12; sequence += 1) await disk.append(sequenced(0, sequence))
    await disk.stop()
    const [snapshot] = disk.names('.snapshot')
    const bytes = readFileSync(disk.path(snapshot!))
    await disk.start()
    for (let sequence = 12; sequence < 25; sequence += 1) await disk.append(sequenced(0, sequence))
    await disk.stop()
    rmSync(join(disk.directory, '.kafka_cleanshutdown'))
    // The recovery point is at the end, and the producers are known up to the middle.
    for (const name of disk.names('.snapshot')) rmSync(disk.path(name))
    writeFileSync(disk.path(snapshot!), bytes)
    await disk.start()
    expect(disk.log.activeProducers()).toMatchObject([{ producerId: 7n, lastSequence: 24 }])
    expect(disk.files.indexReads).toBe(1)
  })

  test('knows the same without its snapshots, or with broken ones', async () => {
    await filled()
    await disk.stop()
    for (const name of disk.names('.snapshot')) writeFileSync(disk.path(name), 'broken')
    for (const name of disk.names('leader-epoch-checkpoint')) rmSync(disk.path(name))
    await disk.start()
    expectAllKnown()
    expect(disk.names('.snapshot')).toEqual([])
  })

  test('knows the same where the index of a segment is broken', async () => {
    await filled()
    await disk.stop()
    writeFileSync(disk.path('00000000000000000000.txnindex'), 'broken')
    await disk.start()
    expectAllKnown()
    await disk.stop()
    await disk.start()
    expect(disk.files.logReads).toBe(0)
    expectAllKnown()
  })

  test('does not believe a snapshot of a tail that is lost, now or later', async () => {
    await filled()
    await disk.crash()
    writeFileSync(disk.path('00000000000000000099.snapshot'), 'of offsets that the disk does not have any more')
    await disk.start()
    expectAllKnown()
    expect(disk.names('.snapshot')).not.toContain('00000000000000000099.snapshot')
  })

  test('knows the epoch of batches that came after the file was written', async () => {
    await filled()
    await disk.stop()
    await disk.start()
    await disk.append()
    await disk.crash()
    await disk.start()
    await disk.append()
    expect([0, 1, 2].map((epoch) => disk.log.endOffsetForEpoch(epoch).endOffset)).toEqual([27n, 28n, 29n])
  })

  test('walks only what came after the last checkpoint', async () => {
    await filled()
    const atRoll = disk.names('.snapshot')
    await disk.log.checkpoint(1)
    expect(disk.names('.snapshot')).toEqual([...atRoll, '00000000000000000027.snapshot'])
    await disk.log.checkpoint(1)
    await disk.append()
    await disk.log.checkpoint(2 ** 30)
    expect(disk.names('.snapshot')).toHaveLength(atRoll.length + 1)
    await disk.log.checkpoint(1)
    // The older one is needed no more: it stands where no segment begins.
    expect(disk.names('.snapshot')).toEqual([...atRoll, '00000000000000000028.snapshot'])
  })
})

test('a topic that is made again under a name gets nothing of the one before', async () => {
  await filled()
  void disk.log.checkpoint(1)
  await disk.log.delete()
  await disk.crash()
  await disk.start()
  expect([disk.log.logEndOffset, disk.log.activeProducers()]).toEqual([0n, []])
  expect(disk.names('.snapshot')).toEqual([])
})
