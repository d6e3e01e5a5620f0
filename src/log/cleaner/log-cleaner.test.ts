import { beforeEach, describe, expect, test } from '@jest/globals'
import { StorageError } from '../../storage/storage.ts'
import type { LogConfig } from '../log-config.ts'
import type { PartitionLog } from '../partition-log.ts'
import type { PreparedBatch } from '../prepared-batch.ts'
import { startMs, TestLog, testRecords } from '../test-log.ts'
import type { CleanerSettings } from './cleaner-settings.ts'
import { LogCleaner } from './log-cleaner.ts'
import { recordsSeen } from './test-cleaning.ts'

const defaults: CleanerSettings = {
  isEnabled: true,
  dedupeBufferBytes: 1 << 20,
  dedupeBufferLoadFactor: 0.9,
  ioBufferBytes: 1 << 19,
  ioBytesPerSecondMax: Number.MAX_VALUE,
  backoffMs: 15_000,
}
const compacted = { compact: true, delete: false }

let test1: TestLog
let settings: CleanerSettings
let cleaner: LogCleaner

function cleanerOf(...tests: TestLog[]): LogCleaner {
  const [first] = tests
  const bug = (error: Error): void => {
    throw error
  }
  return new LogCleaner({
    logs: () => tests.map(({ log }) => log),
    settings: () => settings,
    environment: first!.environment,
    bug,
  })
}

function put({ log, partition }: TestLog, ...keys: string[]): void {
  for (const key of keys) {
    log.append(log.prepare(testRecords({ key, timestamps: [BigInt(startMs)] }), { by: 'client' }) as PreparedBatch)
  }
  partition.write()
  partition.sync()
}

const offsets = async (log: PartitionLog) => (await recordsSeen(log, 'read_uncommitted')).map(({ offset }) => Number(offset))

beforeEach(async () => {
  settings = defaults
  test1 = await TestLog.open({ config: compacted })
  cleaner = cleanerOf(test1)
})

const configured = async (config: Partial<LogConfig>) => {
  const made = await TestLog.open({ config: { ...compacted, ...config } })
  return { made, run: cleanerOf(made) }
}

describe('which logs are compacted', () => {
  test('those of which more is dirty than min.cleanable.dirty.ratio', async () => {
    put(test1, 'a', 'a', 'b')
    test1.log.cleanable.roll()
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([1, 2])
    put(test1, 'a', 'b')
    test1.log.cleanable.roll()
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([1, 2, 3, 4])
    put(test1, 'a')
    test1.log.cleanable.roll()
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([4, 5])
  })

  test('not those without the policy compact', async () => {
    const { made, run } = await configured({ compact: false, delete: true })
    put(made, 'a', 'a')
    made.log.cleanable.roll()
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([0, 1])
  })

  test('none while log.cleaner.enable is false', async () => {
    put(test1, 'a', 'a')
    test1.log.cleanable.roll()
    settings = { ...defaults, isEnabled: false }
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([0, 1])
  })

  test('no segment with a record that is younger than min.compaction.lag.ms', async () => {
    const { made, run } = await configured({ minCompactionLagMs: 1000 })
    put(made, 'a', 'a')
    made.log.cleanable.roll()
    await made.clock.advance(999)
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([0, 1])
    await made.clock.advance(1)
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([1])
  })

  test('all with a record that has waited for max.compaction.lag.ms, the segment that takes the appends included', async () => {
    const { made, run } = await configured({ maxCompactionLagMs: 1000, minCleanableDirtyRatio: 1 })
    put(made, 'a', 'a')
    await made.clock.advance(1000)
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([0, 1])
    await made.clock.advance(1)
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([1])
  })

  test('and a segment ends after max.compaction.lag.ms when it is appended to', async () => {
    const { made } = await configured({ maxCompactionLagMs: 1000 })
    const at = (timestamp: number) => made.appendDurably({ timestamps: [BigInt(timestamp)] })
    at(startMs)
    at(startMs + 1000)
    at(startMs + 1001)
    expect(made.partition.ranges().map(({ baseOffset }) => baseOffset)).toEqual([0n, 2n])
  })

  test('the dirtiest first', async () => {
    const other = await TestLog.open({ config: compacted })
    put(test1, 'a', 'b', 'c', 'd')
    test1.log.cleanable.roll()
    await cleaner.cleanAll()
    put(test1, 'a', 'b', 'c', 'd', 'a', 'b')
    test1.log.cleanable.roll()
    put(other, 'a', 'a')
    other.log.cleanable.roll()
    await cleanerOf(test1, other).cleanAll()
    const said = test1.logger.lines
      .filter(({ message }) => message.endsWith('was compacted'))
      .map(({ fields }) => (fields as { end: bigint }).end)
    expect(said).toEqual([4n, 2n, 10n])
  })
})

describe('where a log is dirty', () => {
  test('is known after a restart', async () => {
    put(test1, 'a', 'a')
    test1.log.cleanable.roll()
    await cleaner.cleanAll()
    await test1.reopen()
    expect(test1.log.cleanable.cleanedEnd).toBe(2n)
    const file = await test1.storage.files.load('cleaner-offset-checkpoint')
    expect(file?.toString()).toBe('0\n1\norders 3 2\n')
  })

  test('begins at the log start where the log has lost what was noted, which is said', async () => {
    put(test1, 'a', 'a')
    test1.log.cleanable.roll()
    await test1.log.cleanable.saveCleanedEnd(100n)
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([1])
    expect(test1.logger.messages().join()).toContain('beyond the log end')
    expect(test1.log.cleanable.cleanedEnd).toBe(2n)
  })

  test('begins at the log start where that has moved on', async () => {
    const { made, run } = await configured({ delete: true })
    put(made, 'a', 'b')
    made.log.cleanable.roll()
    await run.cleanAll()
    put(made, 'c', 'c')
    made.log.cleanable.roll()
    await made.log.deleteRecords(3n)
    await made.log.cleanable.saveCleanedEnd(0n)
    put(made, 'c')
    made.log.cleanable.roll()
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([4])
    expect(made.logger.messages().join()).not.toContain('below the log start')
  })

  test('is forgotten with the topic: one made later under its name begins anew', async () => {
    put(test1, 'a', 'a')
    test1.log.cleanable.roll()
    await cleaner.cleanAll()
    await test1.log.delete()
    const file = await test1.storage.files.load('cleaner-offset-checkpoint')
    expect(file?.toString()).toBe('0\n0\n')
  })

  test('is unknown where the file is none of Kafka’s, which is said', async () => {
    put(test1, 'a', 'a')
    await test1.storage.files.save('cleaner-offset-checkpoint', Buffer.from('x'))
    await test1.reopen()
    expect(test1.log.cleanable.cleanedEnd).toBeUndefined()
    expect(test1.logger.messages().join()).toContain('compaction begins anew')
  })
})

describe('a log that cannot be compacted', () => {
  test('is named once and left alone, and the others go on', async () => {
    const other = await TestLog.open({ config: compacted })
    for (const each of [test1, other]) {
      put(each, 'a', 'a')
      each.log.cleanable.roll()
    }
    const broken = test1.partition
    const replace = broken.replace.bind(broken)
    broken.replace = () => Promise.reject(new StorageError('corrupt', 'no batch there'))
    const both = cleanerOf(test1, other)
    await both.cleanAll()
    await both.cleanAll()
    expect(await offsets(other.log)).toEqual([1])
    expect(test1.logger.messages('warn')).toEqual([
      'orders-3 cannot be compacted and keeps growing: its records cannot be read. All others are.',
    ])
    broken.replace = replace
    await test1.clock.advance(10 * 365 * 86_400_000)
    await both.cleanAll()
    expect(await offsets(test1.log)).toEqual([0, 1])
  })

  test('for want of room is tried again later', async () => {
    put(test1, 'a', 'a')
    test1.log.cleanable.roll()
    const { partition } = test1
    const replace = partition.replace.bind(partition)
    partition.replace = () => Promise.reject(new StorageError('full', 'no space is left'))
    await cleaner.cleanAll()
    partition.replace = replace
    await test1.clock.advance(299_999)
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([0, 1])
    await test1.clock.advance(1)
    await cleaner.cleanAll()
    expect(await offsets(test1.log)).toEqual([1])
  })
})

describe('compaction by itself', () => {
  test('looks every log.cleaner.backoff.ms, until it is stopped', async () => {
    put(test1, 'a', 'a')
    test1.log.cleanable.roll()
    cleaner.start()
    await test1.clock.advance(14_999)
    await test1.endOfTurn()
    expect(await offsets(test1.log)).toEqual([0, 1])
    await test1.clock.advance(1)
    await cleaner.stop()
    await test1.log.close()
    expect(() => test1.clock.advance(60_000)).not.toThrow()
  })

  test('gives up for a deletion of records', async () => {
    const { made, run } = await configured({ delete: true })
    put(made, 'a', 'a', 'b')
    made.log.cleanable.roll()
    put(made, 'c', 'c')
    made.log.cleanable.roll()
    const cleaning = run.cleanAll()
    const deleted = made.log.deleteRecords(3n)
    await Promise.all([cleaning, deleted])
    await run.cleanAll()
    expect(await offsets(made.log)).toEqual([4])
  })

  test('reads and writes no faster than log.cleaner.io.max.bytes.per.second', async () => {
    for (let count = 0; count < 100; count += 1) put(test1, 'a', 'b')
    test1.log.cleanable.roll()
    settings = { ...defaults, ioBytesPerSecondMax: 4000, ioBufferBytes: 2048 }
    const bytes = test1.partition.ranges()[0]!.sizeBytes
    let isDone = false
    const cleaning = cleaner.cleanAll().then(() => {
      isDone = true
    })
    const beganMs = test1.clock.nowMs()
    while (!isDone) {
      for (let turns = 0; turns < 10; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve))
      await test1.clock.advance(10)
    }
    await cleaning
    const seconds = (test1.clock.nowMs() - beganMs) / 1000
    expect(seconds).toBeGreaterThan((2 * bytes) / 4000 - 1)
    expect(seconds).toBeLessThan((2 * bytes) / 4000 + 2)
  })
})
