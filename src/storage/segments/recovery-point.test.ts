import { appendFile, cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import { FaultyFiles } from '../../environment/faulty-files.ts'
import type { OpenFile } from '../../environment/files.ts'
import { seededRandom } from '../../environment/random.ts'
import { RecordingLogger } from '../../environment/recording-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import type { PartitionStorage } from '../storage.ts'
import { appendOne, RecordedEvents, readFrom } from '../test-partition.ts'
import { recoveryPointsFile } from './offset-checkpoints.ts'
import { SegmentStorage } from './segment-storage.ts'

/** Knows how many bytes of log files were read. */
class CountingFiles extends FaultyFiles {
  logBytesRead = 0
  readonly logsSynced: string[] = []

  override async open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    return this.#counted(await super.open(path, options))
  }

  override openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    return this.#counted(super.openSync(path, options))
  }

  #counted(file: OpenFile): OpenFile {
    if (!file.path.endsWith('.log')) return file
    const counted = (bytes: number): number => {
      this.logBytesRead += bytes
      return bytes
    }
    return {
      ...file,
      readSync: (into, position) => counted(file.readSync(into, position)),
      read: async (into, position) => counted(await file.read(into, position)),
      sync: async () => {
        await file.sync()
        this.logsSynced.push(file.path)
      },
    }
  }
}

const id = { topicId: 'cmVjb3ZlcnktcG9pbnQtMQ', topic: 'orders', partition: 0 }
let directory = ''
let logger = new RecordingLogger()
let time = new SimulatedClock()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recovery-point-'))
  logger = new RecordingLogger()
  time = new SimulatedClock()
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

interface Opened {
  readonly files: CountingFiles
  readonly storage: SegmentStorage
  readonly log: PartitionStorage
  readonly settled: () => Promise<void>
}

async function opened(files = new CountingFiles(), of = id): Promise<Opened> {
  const [buffers, random] = [new Buffers({ checked: true }), seededRandom(1)]
  const storage = new SegmentStorage({ directory, files, buffers, time, random, logger, durability: 'fsync', threads: 4 })
  await storage.open()
  const events = new RecordedEvents()
  const log = await storage.openPartition(of, { onCorruption: 'cut', fence: 0, events })
  return { files, storage, log, settled: () => events.until(() => log.durableEnd >= log.endOffset) }
}

const pathOf = (name: string): string => join(directory, 'orders-0', name)
const fileOf = (baseOffset: number, suffix = '.log'): string => pathOf(String(baseOffset).padStart(20, '0') + suffix)
const points = async (): Promise<string> => String(await readFile(join(directory, recoveryPointsFile)))

/** Segments of a hundred batches of 1,061 bytes each, and so many batches in the last one. */
async function fill({ log, settled }: Opened, closedSegments: number, batches: number): Promise<void> {
  for (let segment = 0; segment <= closedSegments; segment++) {
    if (segment > 0) log.roll()
    for (let batch = 0; batch < (segment < closedSegments ? 100 : batches); batch++) {
      appendOne(log, { paddingBytes: 1000, maxTimestamp: log.endOffset })
    }
  }
  await settled()
}

const turnsOfCheckpoint = 50

/** Lets the next checkpoint come, and what it sets off. One that finds segments that are not sealed yet says less; then one more. */
async function checkpointed(isWritten = async () => (await points().catch(() => '')) !== ''): Promise<void> {
  await time.advance(60_000)
  for (let turn = 1; !(await isWritten()); turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (turn % turnsOfCheckpoint === 0) await time.advance(60_000)
  }
}

/** Nothing was appended since the last one. */
async function rested(): Promise<void> {
  await checkpointed()
  while (time.timerCount === 0) await new Promise<void>((resolve) => setImmediate(resolve))
  await checkpointed(async () => (await readFile(fileOf(0, '.timeindex')).catch(() => '')).length > 0)
}

/** What is in the files at this moment is what is found after a kill. */
async function kill({ storage }: Opened): Promise<void> {
  const copy = `${directory}-copy`
  await cp(directory, copy, { recursive: true })
  await storage.close(null)
  await rm(directory, { recursive: true })
  await rename(copy, directory)
}

async function flip(path: string, position: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[position]! ^= 0x10
  await writeFile(path, bytes)
}

describe('a start after a clean stop', () => {
  async function stopped(): Promise<void> {
    const first = await opened()
    await fill(first, 2, 50)
    await first.log.checkpoints.save('00000000000000000250.snapshot', Buffer.from('producers'))
    await first.storage.close(Buffer.from('{}'))
  }

  test('reads no log: the recovery point and the newest snapshot agree on its end', async () => {
    await stopped()
    expect(await points()).toBe('0\n1\norders 0 250\n')
    const { files, storage, log, settled } = await opened()
    expect([log.startOffset, log.durableEnd, log.endOffset]).toEqual([0n, 250n, 250n])
    expect(log.ranges().map(({ maxTimestamp }) => maxTimestamp)).toEqual([99n, 199n, 249n])
    appendOne(log, { maxTimestamp: 1n })
    await settled()
    expect(files.logBytesRead).toBe(0)
    expect(await log.batchByTimestamp('max')).toBe(249n)
    expect(await readFrom(log, 0n)).toHaveLength(251)
    await storage.close(null)
  })

  test.each([
    ['no snapshot is there', () => rm(pathOf('00000000000000000250.snapshot'))],
    ['no recovery point is known', () => rm(join(directory, recoveryPointsFile))],
    ['the recovery point is another', () => writeFile(join(directory, recoveryPointsFile), '0\n1\norders 0 220\n')],
  ])('reads the batches behind the last index entry where %s', async (_what, change) => {
    await stopped()
    await change()
    const { files, storage, log } = await opened()
    expect(log.endOffset).toBe(250n)
    expect(files.logBytesRead).toBeLessThan(8000)
    await storage.close(null)
  })

  test('finds the end of a log that has lost its indexes, and makes them again', async () => {
    await stopped()
    for (const base of [0, 200]) for (const suffix of ['.index', '.timeindex']) await rm(fileOf(base, suffix))
    const { storage, log } = await opened()
    expect(log.endOffset).toBe(250n)
    expect(await log.batchByTimestamp(42n)).toBe(42n)
    await storage.close(Buffer.from('{}'))
    for (const base of [0, 100, 200]) expect((await readFile(fileOf(base, '.index'))).length).toBeGreaterThan(40)
  })
})

describe('indexes that are wrong', () => {
  test.each([
    ['of a length that no entries have', Buffer.alloc(13, 1)],
    ['that do not rise', Buffer.alloc(80)],
    ['that lead beyond the log', Buffer.from('0000000500ffffff0000000700ffffff', 'hex')],
  ])('files %s are built anew when a reader needs them, with one log line', async (_what, bytes) => {
    const first = await opened()
    await fill(first, 1, 3)
    await first.storage.close(Buffer.from('{}'))
    const before = await readFile(fileOf(0, '.index'))
    await writeFile(fileOf(0, '.index'), bytes)
    const { storage, log } = await opened()
    expect(await readFrom(log, 50n)).toHaveLength(53)
    expect(await log.batchByTimestamp(77n)).toBe(77n)
    expect(log.ranges()[0]?.maxTimestamp).toBe(99n)
    expect(logger.messages('warn')).toEqual([expect.stringContaining('built anew')])
    await storage.close(Buffer.from('{}'))
    expect(await readFile(fileOf(0, '.index'))).toEqual(before)
  })
})

describe('a start after a crash', () => {
  test('checks only what lies behind the recovery point', async () => {
    const first = await opened()
    await fill(first, 2, 50)
    await checkpointed(async () => (await points().catch(() => '')) === '0\n1\norders 0 250\n')
    await kill(first)
    // A checksum that nobody looks at.
    await flip(fileOf(200), 30 * 1061 + 100)
    const second = await opened()
    expect([second.log.endOffset, second.log.recoveredBytesCut]).toEqual([250n, 0])
    expect(second.files.logBytesRead).toBeLessThan(60 * 1061)
    await fill(second, 0, 10)
    await kill(second)
    await flip(fileOf(200), 55 * 1061 + 100)
    const third = await opened()
    expect([third.log.endOffset, third.log.recoveredBytesCut]).toEqual([255n, 5 * 1061])
    await third.storage.close(null)
  })

  test('syncs the last segment, though nothing lies behind the recovery point: that it was cut may not be on the disk', async () => {
    const first = await opened()
    await fill(first, 2, 50)
    await checkpointed(async () => (await points().catch(() => '')) === '0\n1\norders 0 250\n')
    await kill(first)
    const { files, storage } = await opened()
    expect(files.logsSynced).toEqual([fileOf(200)])
    await storage.close(null)
  })

  test('begins at the last index entry below the recovery point, once the log rested', async () => {
    const first = await opened()
    await fill(first, 0, 90)
    await rested()
    await kill(first)
    const { files, storage, log } = await opened()
    expect([log.endOffset, log.ranges()[0]?.maxTimestamp]).toEqual([90n, 89n])
    expect(files.logBytesRead).toBeLessThan(8 * 1061)
    await storage.close(null)
  })

  test('an index entry that leads to no such batch is not followed', async () => {
    const first = await opened()
    await fill(first, 0, 90)
    await rested()
    await kill(first)
    const index = await readFile(fileOf(0, '.index'))
    index.writeInt32BE(index.readInt32BE(index.length - 4) + 7, index.length - 4)
    await writeFile(fileOf(0, '.index'), index)
    const { storage, log } = await opened()
    expect([log.endOffset, log.recoveredBytesCut]).toEqual([90n, 0])
    expect(await readFrom(log, 85n)).toHaveLength(5)
    await storage.close(null)
  })

  test('the zeros of a preallocated segment that others follow are no reason to cut those, what else is there is', async () => {
    for (const [rest, end] of [
      [Buffer.alloc(5000), 7n],
      [Buffer.alloc(5000, 1), 5n],
    ] as const) {
      const first = await opened()
      await fill(first, 0, 5)
      first.log.roll()
      appendOne(first.log, {})
      appendOne(first.log, {})
      await first.settled()
      await kill(first)
      await appendFile(fileOf(0), rest)
      const { storage, log } = await opened()
      expect(log.endOffset).toBe(end)
      expect(await readFrom(log, 0n)).toHaveLength(Number(end))
      await storage.close(null)
      await rm(join(directory, 'orders-0'), { recursive: true })
    }
  })

  test('a log that is shorter than its recovery point ends where its batches do', async () => {
    const first = await opened()
    await fill(first, 0, 50)
    await checkpointed()
    await kill(first)
    await truncate(fileOf(0), 20 * 1061)
    const second = await opened()
    expect(second.log.endOffset).toBe(20n)
    appendOne(second.log, {})
    await second.settled()
    await second.storage.close(Buffer.from('{}'))
    expect(await points()).toBe('0\n1\norders 0 21\n')
  })
})

describe('the recovery point', () => {
  test('is lowered before the log is cut, so that what comes in its place is checked', async () => {
    const first = await opened()
    await fill(first, 1, 50)
    await checkpointed()
    await first.log.truncateTo(120n)
    expect(await points()).toBe('0\n1\norders 0 120\n')
    await first.log.restartAt(60n)
    expect(await points()).toBe('0\n1\norders 0 60\n')
    await first.storage.close(null)
  })

  test('is forgotten with the topic, so that one made again under the name is checked from its start', async () => {
    const first = await opened()
    await fill(first, 0, 50)
    await checkpointed()
    await first.storage.deletePartition(id)
    const again = await first.storage.openPartition(
      { ...id, topicId: 'YW5vdGhlci10b3BpYy1pZA' },
      { onCorruption: 'cut', fence: 0, events: new RecordedEvents() },
    )
    expect(again.endOffset).toBe(0n)
    expect(await points()).toBe('0\n0\n')
    await first.storage.close(null)
  })

  test('of the log that must lose nothing is in no file: it is checked from its first byte at every start', async () => {
    const { storage } = await opened()
    const events = new RecordedEvents()
    const metadata = { ...id, topic: '__cluster_metadata' }
    const log = await storage.openPartition(metadata, { onCorruption: 'refuse', fence: 0, events })
    appendOne(log, {})
    await storage.close(Buffer.from('{}'))
    expect(await points()).toBe('0\n1\norders 0 0\n')
    expect(await readdir(join(directory, '__cluster_metadata-0'))).toContain('00000000000000000000.index')
  })
})
