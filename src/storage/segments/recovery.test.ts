import { spawn } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import { systemTime } from '../../environment/clock.ts'
import { FaultyFiles } from '../../environment/faulty-files.ts'
import type { Files } from '../../environment/files.ts'
import { seededRandom } from '../../environment/random.ts'
import { RecordingLogger } from '../../environment/recording-logger.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import type { PartitionStorage } from '../storage.ts'
import { StorageError } from '../storage.ts'
import { testBatch } from '../test-batch.ts'
import { appendOne, RecordedEvents, readFrom } from '../test-partition.ts'
import { SegmentStorage } from './segment-storage.ts'

const id = { topicId: 'cmVjb3ZlcnktdG9waWMtMQ', topic: 'orders', partition: 0 }
let directory = ''
let logger = new RecordingLogger()
let time = systemTime()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recovery-'))
  logger = new RecordingLogger()
  time = systemTime()
})

afterEach(async () => {
  // Who lost power closes nothing.
  time.stop()
  await rm(directory, { recursive: true, force: true })
})

function segmentStorage(files: Files = new SystemFiles()): SegmentStorage {
  const random = seededRandom(1)
  const buffers = new Buffers({ checked: true })
  return new SegmentStorage({ directory, files, buffers, time, random, logger, durability: 'fsync', threads: 4 })
}

async function openLog(storage: SegmentStorage, onCorruption: 'cut' | 'refuse' = 'cut', events = new RecordedEvents(), of = id) {
  return await storage.openPartition(of, { onCorruption, fence: 0, events })
}

const pathOf = (name: string): string => join(directory, 'orders-0', name)
const segmentPath = (baseOffset = 0): string => pathOf(`${String(baseOffset).padStart(20, '0')}.log`)

/** Leaves a log of so many segments with so many batches of two records each, and no proof of a clean stop. */
async function leaveLog(segments: number, batches: number, cleanShutdown: Buffer | null = null): Promise<number> {
  const storage = segmentStorage()
  await storage.open()
  const log = await openLog(storage)
  for (let segment = 0; segment < segments; segment++) {
    if (segment > 0) log.roll()
    for (let batch = 0; batch < batches; batch++) appendOne(log, { records: 2 })
  }
  await storage.close(cleanShutdown)
  return testBatch({ baseOffset: 0n }).bytes.length
}

async function flip(path: string, position: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[position]! ^= 0x10
  await writeFile(path, bytes)
}

async function reopened(
  run: (log: PartitionStorage, storage: SegmentStorage) => Promise<void>,
  onCorruption: 'cut' | 'refuse' = 'cut',
) {
  const storage = segmentStorage()
  await storage.open()
  try {
    await run(await openLog(storage, onCorruption), storage)
  } finally {
    await storage.close(null)
  }
}

describe('a log that was torn', () => {
  test.each([1, 11, 12, 16, 17, 60, 61, 70])(
    'a last batch of which %d bytes were written is cut off, and the log line says how much',
    async (bytes) => {
      const size = await leaveLog(1, 3)
      await truncate(segmentPath(), 2 * size + bytes)
      await writeFile(pathOf('00000000000000000000.index'), 'stale')
      await writeFile(pathOf('00000000000000000000.timeindex'), 'stale')
      await reopened(async (log) => {
        expect(log.recoveredBytesCut).toBe(bytes)
        expect([log.durableEnd, log.endOffset]).toEqual([4n, 4n])
        expect(await readFrom(log, 0n)).toEqual([0n, 2n])
        expect(logger.messages('warn')).toEqual([expect.stringContaining(`Cut ${bytes} bytes`)])
        appendOne(log, {})
      })
      expect(await readFile(pathOf('00000000000000000000.index'), 'latin1')).toBe('')
      expect(await readFile(pathOf('00000000000000000000.timeindex'))).toHaveLength(12)
      await reopened(async (log) => {
        expect(log.recoveredBytesCut).toBe(0)
        expect(await readFrom(log, 0n)).toEqual([0n, 2n, 4n])
      })
    },
  )

  test('zeros behind the last batch, which some file systems leave, are cut off', async () => {
    await leaveLog(1, 2)
    await appendFile(segmentPath(), Buffer.alloc(5000))
    await reopened(async (log) => {
      expect(log.recoveredBytesCut).toBe(5000)
      expect(log.endOffset).toBe(4n)
    })
  })

  test('as in Kafka everything behind a batch whose checksum does not fit is cut off, later segments too', async () => {
    const size = await leaveLog(3, 3)
    await flip(segmentPath(6), size + 65)
    await reopened(async (log) => {
      expect(log.recoveredBytesCut).toBe(size * 5)
      expect(await readFrom(log, 0n)).toEqual([0n, 2n, 4n, 6n])
      expect(log.ranges()).toHaveLength(2)
    })
    expect((await readdir(join(directory, 'orders-0'))).filter((name) => name.endsWith('.log'))).toHaveLength(2)
  })

  test('a length that reaches far beyond the file allocates nothing and is cut off', async () => {
    const size = await leaveLog(1, 2)
    const bytes = await readFile(segmentPath())
    bytes.writeInt32BE(0x7fffffff, size + 8)
    await writeFile(segmentPath(), bytes)
    await reopened(async (log) => expect(log.endOffset).toBe(2n))
  })

  test('after a clean stop checksums are not looked at', async () => {
    const size = await leaveLog(1, 2, Buffer.from('{}'))
    await flip(segmentPath(), size + 65)
    await reopened(async (log) => expect([log.recoveredBytesCut, log.endOffset]).toEqual([0, 4n]))
  })

  test('the proof of a clean stop is gone once the directory was opened: a crash after that is no clean stop', async () => {
    await leaveLog(1, 1, Buffer.from('{"version":0,"brokerEpoch":51}'))
    expect(await readdir(directory)).toContain('.kafka_cleanshutdown')
    const storage = segmentStorage()
    expect(String((await storage.open()).cleanShutdown)).toBe('{"version":0,"brokerEpoch":51}')
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
    await storage.close(null)
  })
})

describe('a log that must lose nothing', () => {
  test('a torn last batch is cut off', async () => {
    const size = await leaveLog(1, 3, Buffer.from('{}'))
    await truncate(segmentPath(), 3 * size - 5)
    await reopened(async (log) => expect([log.recoveredBytesCut, log.endOffset]).toEqual([size - 5, 4n]), 'refuse')
    await flip(segmentPath(), 2 * size - 1)
    await reopened(async (log) => expect([log.recoveredBytesCut, log.endOffset]).toEqual([size, 2n]), 'refuse')
  })

  test.each([
    ['a checksum', 65],
    ['a length', 9],
    ['a magic', 16],
  ])('%s that is wrong before the last batch refuses to open, and changes nothing', async (_what, position) => {
    const size = await leaveLog(1, 3, Buffer.from('{}'))
    await flip(segmentPath(), size + position)
    const before = await readFile(segmentPath())
    const storage = segmentStorage()
    await storage.open()
    const opened = openLog(storage, 'refuse')
    await expect(opened).rejects.toThrow(StorageError)
    await expect(opened).rejects.toMatchObject({ kind: 'corrupt', message: expect.stringContaining('offset 2') })
    await storage.close(null)
    expect(await readFile(segmentPath())).toEqual(before)
  })

  test('a torn batch with a segment behind it refuses too', async () => {
    const size = await leaveLog(2, 2)
    await truncate(segmentPath(), 2 * size - 1)
    const storage = segmentStorage()
    await storage.open()
    await expect(openLog(storage, 'refuse')).rejects.toMatchObject({ kind: 'corrupt' })
    await storage.close(null)
  })
})

describe('folders', () => {
  test('a partition has the files of Kafka, and the small files that others left stay', async () => {
    await leaveLog(1, 1)
    const names = [
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      'partition.metadata',
    ]
    expect((await readdir(join(directory, 'orders-0'))).sort()).toEqual(names)
    expect(await readFile(pathOf('partition.metadata'), 'utf8')).toBe(`version: 0\ntopic_id: ${id.topicId}`)
    await writeFile(pathOf('00000000000000000002.snapshot'), 'x')
    await writeFile(pathOf('leader-epoch-checkpoint'), '0\n0\n')
    await writeFile(pathOf('00000000000000000009.timeindex'), '')
    await reopened(async (log) => {
      expect([...(await log.checkpoints.list())].sort()).toEqual(['00000000000000000002.snapshot', 'leader-epoch-checkpoint'])
    })
    // An index without its segment goes, as in Kafka.
    expect(await readdir(join(directory, 'orders-0'))).toHaveLength(6)
  })

  test('the names of small files cannot lead elsewhere or to the log', async () => {
    const storage = segmentStorage()
    await storage.open()
    const log = await openLog(storage)
    for (const name of ['../escaped', 'a/b', '', '..', 'partition.metadata', '00000000000000000000.log']) {
      await expect(log.checkpoints.save(name, Buffer.alloc(1))).rejects.toThrow('cannot be the name')
    }
    await storage.close(null)
  })

  test('the folder of another topic of the same name is put aside, never deleted', async () => {
    await leaveLog(1, 1)
    const storage = segmentStorage()
    await storage.open()
    const log = await openLog(storage, 'cut', new RecordedEvents(), { ...id, topicId: 'YW5vdGhlci10b3BpYy1pZA' })
    expect(log.endOffset).toBe(0n)
    await storage.close(null)
    const names = await readdir(directory)
    expect(names.find((name) => /^orders-0\.[0-9a-f]{32}-stray$/.test(name))).toBeDefined()
    expect(logger.messages('warn')).toHaveLength(1)
  })

  test('folders that a crash left half deleted are removed at the start; unknown ones are left alone', async () => {
    const half = join(directory, `orders-0.${'0'.repeat(32)}-delete`)
    for (const path of [half, join(directory, 'orders-1'), join(directory, 'lost+found')]) await mkdir(path, { recursive: true })
    const storage = segmentStorage()
    expect((await storage.open()).partitions).toEqual([])
    await storage.close(null)
    expect((await readdir(directory)).sort()).toEqual(['.lock', 'lost+found', 'orders-1'])
  })

  test('a directory that another broker holds is refused with who holds it', async () => {
    const storage = segmentStorage()
    await storage.open()
    await expect(segmentStorage().open()).rejects.toMatchObject({ kind: 'held', message: expect.stringContaining('in use by') })
    await storage.close(null)
    const second = segmentStorage()
    await second.open()
    await second.close(null)
  })

  test('a replacement that was complete when the process ended takes its place at the start', async () => {
    const size = await leaveLog(3, 2)
    const kept = (await readFile(segmentPath(4))).subarray(size)
    await writeFile(`${segmentPath(0)}.swap`, kept)
    await writeFile(`${segmentPath(8)}.cleaned`, 'half')
    await reopened(async (log) => {
      expect(await readFrom(log, 0n)).toEqual([6n, 8n, 10n])
      expect(log.startOffset).toBe(0n)
    })
    expect((await readdir(join(directory, 'orders-0'))).filter((name) => name.includes('.log'))).toHaveLength(2)
  })
})

describe('a disk that fails', () => {
  async function openOnFaulty() {
    const files = new FaultyFiles()
    const storage = segmentStorage(files)
    await storage.open()
    const events = new RecordedEvents()
    const log = await openLog(storage, 'cut', events)
    appendOne(log, { records: 2 })
    await events.reached('durable', 2n)
    return { files, storage, events, log }
  }

  test('after a failed write nothing is taken until the log was cut', async () => {
    const { files, storage, events, log } = await openOnFaulty()
    files.failWrites = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    appendOne(log, {})
    log.roll()
    appendOne(log, {})
    expect(events.failures).toEqual([])
    await events.until(() => events.failures.length > 0)
    expect(events.failures).toMatchObject([{ kind: 'full' }])
    expect(() => appendOne(log, {})).toThrow(StorageError)
    files.failWrites = null
    expect(() => appendOne(log, {})).toThrow(StorageError)
    expect(storage.whenWritable()).toBeUndefined()
    await log.truncateTo(log.durableEnd)
    expect([log.durableEnd, log.writtenEnd, log.endOffset]).toEqual([2n, 2n, 2n])
    events.forget()
    appendOne(log, { records: 3 })
    await events.reached('durable', 5n)
    expect(await readFrom(log, 0n)).toEqual([0n, 2n])
    await storage.close(Buffer.from('{}'))
    expect(await readdir(directory)).toContain('.kafka_cleanshutdown')
  })

  test('after a failed sync nothing is taken any more, and the stop is not called clean', async () => {
    const { files, storage, events, log } = await openOnFaulty()
    files.failSyncs = Object.assign(new Error('lost'), { code: 'EIO' })
    appendOne(log, {})
    await events.until(() => events.failures.length > 0)
    expect(events.failures).toMatchObject([{ kind: 'io' }])
    files.failSyncs = null
    await expect(log.truncateTo(log.durableEnd)).rejects.toMatchObject({ kind: 'io' })
    expect([log.durableEnd, log.endOffset]).toEqual([2n, 2n])
    expect(() => appendOne(log, {})).toThrow(StorageError)
    await storage.close(Buffer.from('{}'))
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
    await reopened(async (again) => expect(await readFrom(again, 0n)).toEqual([0n]))
  })

  test('a log that could not be cut takes nothing before a restart', async () => {
    const { files, storage, events, log } = await openOnFaulty()
    files.failWrites = Object.assign(new Error('read-only'), { code: 'EROFS' })
    await expect(log.truncateTo(0n)).rejects.toMatchObject({ kind: 'io' })
    files.failWrites = null
    await events.until(() => events.failures.length > 0)
    expect(() => appendOne(log, {})).toThrow(StorageError)
    await storage.close(null)
  })

  test('what was called durable is there after a loss of power, and the log can go on', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed)
      const files = new FaultyFiles()
      const storage = segmentStorage(files)
      await storage.open()
      const events = new RecordedEvents()
      const log = await openLog(storage, 'cut', events)
      const begin = log.endOffset
      const rounds = random.bytes(1)[0]! % 8
      for (let round = 0; round <= rounds; round++) {
        for (let count = random.bytes(1)[0]! % 30; count >= 0; count--) {
          appendOne(log, { paddingBytes: random.bytes(2).readUInt16BE(0) % 20_000 })
          if (random.bytes(1)[0]! < 16) log.roll()
        }
        if (round < rounds) await events.until(() => events.calls.length > round)
      }
      const durable = log.durableEnd
      await files.losePower(random)
      await reopened(async (again) => {
        const found = await readFrom(again, 0n)
        expect([seed, again.endOffset >= durable, again.durableEnd === again.endOffset]).toEqual([seed, true, true])
        expect(found).toEqual(Array.from({ length: Number(again.endOffset) }, (_, offset) => BigInt(offset)))
        expect(again.endOffset).toBeGreaterThanOrEqual(begin)
      })
    }
  })
})

test('what a process called durable before kill -9 is there, whole', async () => {
  for (const linesBefore of [1, 40, 200]) {
    const durable = await killedAfter(linesBefore)
    const storage = segmentStorage()
    const { partitions } = await storage.open()
    for (const partition of partitions) {
      const log = await openLog(storage, 'cut', new RecordedEvents(), partition)
      expect(log.endOffset).toBeGreaterThanOrEqual(durable.get(partition.partition) ?? 0n)
      const found = await readFrom(log, 0n)
      if (log.endOffset > 0n) expect(found[0]).toBe(0n)
      expect(log.durableEnd).toBe(log.endOffset)
    }
    expect(partitions.length).toBeGreaterThanOrEqual(durable.size)
    await storage.close(null)
  }
})

/** Runs the child until it has said so much, kills it; returns what it had called durable. */
async function killedAfter(linesBefore: number): Promise<Map<number, bigint>> {
  const script = fileURLToPath(new URL('./crash.test.child.js', import.meta.url))
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const durable = new Map<number, bigint>()
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [partition, end] = line.split(' ')
    if (partition === 'failed' || end === undefined) throw new Error(line)
    durable.set(Number(partition), BigInt(end))
    if (++lines === linesBefore) child.kill('SIGKILL')
  }
  return durable
}
