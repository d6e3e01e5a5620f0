import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import { systemTime } from '../../environment/clock.ts'
import { FaultyFiles } from '../../environment/faulty-files.ts'
import type { OpenFile } from '../../environment/files.ts'
import { seededRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import type { PartitionId, PartitionStorage } from '../storage.ts'
import { type AppendedBatch, testBatch } from '../test-batch.ts'
import { appendOne, RecordedEvents } from '../test-partition.ts'
import { journalFile } from './journal.ts'
import { SegmentStorage } from './segment-storage.ts'

/** So few that a journal is used for two logs. */
const threads = 2
const journalHalfBytes = 48 * 1024
const buffers = new Buffers({ checked: true })
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journaled-logs-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** Counts the syncs of each file. */
class CountedFiles extends FaultyFiles {
  readonly syncs = new Map<string, number>()

  override async open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    return this.#counted(await super.open(path, options))
  }

  override openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    return this.#counted(super.openSync(path, options))
  }

  syncsOf(name: string): number {
    let sum = 0
    for (const [path, count] of this.syncs) if (path.endsWith(name)) sum += count
    return sum
  }

  #counted(file: OpenFile): OpenFile {
    const sync = (): Promise<void> => {
      this.syncs.set(file.path, (this.syncs.get(file.path) ?? 0) + 1)
      return file.sync()
    }
    return { ...file, sync }
  }
}

interface OpenLog {
  readonly id: PartitionId
  readonly log: PartitionStorage
  readonly events: RecordedEvents
}

async function openStorage(files: FaultyFiles): Promise<SegmentStorage> {
  // Who loses power stops no timer: those of this clock keep no process alive.
  const [time, random, logger] = [new SimulatedClock(), seededRandom(1), silentLogger]
  const storage = new SegmentStorage({
    ...{ directory, files, buffers, time, random, logger, threads, journalHalfBytes },
    durability: 'fsync',
  })
  await storage.open()
  return storage
}

async function openLog(storage: SegmentStorage, partition: number, topicId = 'am91cm5hbGVkLWxvZ3MtMQ'): Promise<OpenLog> {
  const id = { topicId, topic: 'orders', partition }
  const events = new RecordedEvents()
  return { id, log: await storage.openPartition(id, { onCorruption: 'cut', fence: 0, events }), events }
}

async function openLogs(storage: SegmentStorage, count: number): Promise<OpenLog[]> {
  return await Promise.all(Array.from({ length: count }, (_, partition) => openLog(storage, partition)))
}

/** Settled when a round of the journal can be written: until its file is there each log is synced by itself. */
async function warmUp(logs: readonly OpenLog[]): Promise<void> {
  for (let rounds = 0; rounds < 5; rounds++) {
    for (const { log } of logs) appendOne(log, {})
    for (const { log, events } of logs) await events.reached('durable', log.endOffset)
  }
}

async function contents(log: PartitionStorage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let from = log.startOffset; from < log.endOffset; ) {
    const before = pieces.length
    for (const piece of await log.read(from, log.endOffset, 1024 * 1024, true)) {
      pieces.push(Buffer.from(piece.bytes))
      piece.release()
    }
    if (pieces.length === before) break
    from = lastOffsetIn(pieces.at(-1)!) + 1n
  }
  return Buffer.concat(pieces)
}

function lastOffsetIn(bytes: Buffer): bigint {
  let lastOffset = -1n
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    lastOffset = bytes.readBigInt64BE(at) + BigInt(bytes.readInt32BE(at + 23))
  }
  return lastOffset
}

describe('logs that share a journal', () => {
  test('many that are written in one turn take one sync, and what they acknowledged is there after a loss of power', async () => {
    const files = new CountedFiles()
    const logs = await openLogs(await openStorage(files), 20)
    await warmUp(logs)
    files.syncs.clear()
    for (const { log } of logs) appendOne(log, {})
    for (const { log, events } of logs) await events.reached('durable', log.endOffset)
    expect([files.syncsOf(journalFile), files.syncsOf('.log')]).toEqual([1, 0])
    const whole = await Promise.all(logs.map(({ log }) => contents(log)))
    await files.losePower(seededRandom(3))
    const after = new FaultyFiles()
    const storage = await openStorage(after)
    const opened = await openLogs(storage, 20)
    expect(await Promise.all(opened.map(({ log }) => contents(log)))).toEqual(whole)
    await storage.close(Buffer.from('clean'))
  })

  test('after a clean stop all stands in the segments, and the journal is gone', async () => {
    const storage = await openStorage(new FaultyFiles())
    const logs = await openLogs(storage, 5)
    await warmUp(logs)
    expect(await readdir(directory)).toContain(journalFile)
    await storage.close(Buffer.from('clean'))
    const names = await readdir(directory)
    expect(names).toContain('.kafka_cleanshutdown')
    expect(names).not.toContain(journalFile)
  })

  test('a log whose segment cannot be synced at the stop keeps the journal for the next start', async () => {
    const files = new FaultyFiles()
    const storage = await openStorage(files)
    const logs = await openLogs(storage, 3)
    await warmUp(logs)
    const whole = await Promise.all(logs.map(({ log }) => contents(log)))
    files.failSyncs = Object.assign(new Error('the disk'), { code: 'EIO' })
    await storage.close(Buffer.from('clean'))
    expect(await readdir(directory)).toContain(journalFile)
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
    files.failSyncs = null
    await files.losePower(seededRandom(5))
    const again = await openStorage(new FaultyFiles())
    const opened = await openLogs(again, 3)
    expect(await Promise.all(opened.map(({ log }) => contents(log)))).toEqual(whole)
    await again.close(null)
  })

  test('flush syncs the segment itself', async () => {
    const files = new CountedFiles()
    const storage = await openStorage(files)
    const logs = await openLogs(storage, 3)
    await warmUp(logs)
    files.syncs.clear()
    await logs[1]!.log.flush()
    expect([...files.syncs.keys()]).toEqual([join(directory, 'orders-1', '00000000000000000000.log')])
    files.failSyncs = Object.assign(new Error('the disk'), { code: 'EIO' })
    await expect(logs[0]!.log.flush()).rejects.toMatchObject({ kind: 'io' })
    await storage.close(null)
  })

  // Another one in each run; its name says which.
  const firstSeed = systemTime().nowMs() % 1_000_000
  const seeds = Array.from({ length: 5 }, (_, index) => firstSeed + index)

  test.each(seeds)('lose nothing and bring nothing back, whatever is done to them (seed %i)', async (seed) => {
    await new RandomHistory(seed).run(50)
  })
})

/** Does what a broker may do to logs, loses the power now and then, and compares what is there with what must be. */
class RandomHistory {
  readonly #random: ReturnType<typeof seededRandom>
  /** What was appended and not cut off, by partition. */
  #batches: AppendedBatch[][] = []
  #topicIds: string[] = []
  #files = new FaultyFiles()
  #storage: SegmentStorage | null = null
  #logs: OpenLog[] = []
  #made = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  async run(steps: number): Promise<void> {
    for (let partition = 0; partition < 5; partition++) this.#make(partition)
    await this.#open()
    for (let step = 0; step < steps; step++) await this.#step()
    await this.#restart(this.#below(2) === 0)
    await this.#storage?.close(null)
  }

  #below(end: number): number {
    return this.#random.bytes(4).readUInt32BE(0) % end
  }

  #make(partition: number): void {
    this.#batches[partition] = []
    this.#topicIds[partition] = Buffer.from(`random-${this.#made++}`.padEnd(16, '.')).toString('base64url')
  }

  async #open(): Promise<void> {
    this.#storage = await openStorage(this.#files)
    this.#logs = []
    for (const [partition, topicId] of this.#topicIds.entries()) {
      this.#logs.push(await openLog(this.#storage, partition, topicId))
    }
  }

  async #step(): Promise<void> {
    const partition = this.#below(this.#logs.length)
    const { log } = this.#logs[partition]!
    const choice = this.#below(100)
    if (choice < 60) await this.#append()
    else if (choice < 68) log.roll()
    else if (choice < 76) await this.#truncate(partition)
    else if (choice < 80) await this.#deleteBefore(partition)
    else if (choice < 84) await this.#replace(partition)
    else if (choice < 87) await this.#startAnew(partition)
    else if (choice < 90) await this.#reopen(partition)
    else if (choice < 95) await this.#restart(false)
    else await this.#restart(true)
  }

  async #append(): Promise<void> {
    for (const [partition, { log }] of this.#logs.entries()) {
      if (this.#below(4) === 0) continue
      const paddingBytes = this.#below(10) === 0 ? this.#below(70_000) : this.#below(2000)
      // So that what was cut off is told from what came in its place.
      const maxTimestamp = BigInt(this.#below(1_000_000))
      const batch = testBatch({ baseOffset: log.endOffset, records: 1 + this.#below(3), paddingBytes, maxTimestamp })
      log.append(batch.records, batch)
      this.#batches[partition]!.push(batch)
    }
    if (this.#below(3) > 0) await this.#settled()
    else await new Promise<void>((resolve) => setImmediate(resolve))
  }

  async #settled(): Promise<void> {
    for (const { log, events } of this.#logs) await events.until(() => log.durableEnd >= log.endOffset)
  }

  async #truncate(partition: number): Promise<void> {
    const { log } = this.#logs[partition]!
    const end = log.startOffset + BigInt(this.#below(Number(log.endOffset - log.startOffset) + 1))
    await log.truncateTo(end)
    this.#batches[partition] = this.#batches[partition]!.filter((batch) => batch.lastOffset < log.endOffset)
  }

  async #deleteBefore(partition: number): Promise<void> {
    const { log } = this.#logs[partition]!
    await log.deleteBefore(log.startOffset + BigInt(this.#below(Number(log.durableEnd - log.startOffset) + 1)))
    this.#forgetDeleted(partition)
  }

  #forgetDeleted(partition: number): void {
    const { startOffset } = this.#logs[partition]!.log
    this.#batches[partition] = this.#batches[partition]!.filter((batch) => batch.baseOffset >= startOffset)
  }

  /** As the cleaner does: some batches go, and what is left of the log keeps its offsets. */
  async #replace(partition: number): Promise<void> {
    await this.#settled()
    const { log } = this.#logs[partition]!
    const ranges = log.ranges()
    if (ranges.length < 2) return
    const { baseOffset, endOffset } = ranges[this.#below(ranges.length - 1)]!
    const isIn = (batch: AppendedBatch): boolean => batch.baseOffset >= baseOffset && batch.baseOffset < endOffset
    const kept = this.#batches[partition]!.filter((batch) => !isIn(batch) || this.#below(2) === 0)
    await log.replace(baseOffset, endOffset, asyncly(kept.filter(isIn).map(({ bytes }) => bytes)))
    this.#batches[partition] = kept
  }

  async #startAnew(partition: number): Promise<void> {
    const { id, log } = this.#logs[partition]!
    if (this.#below(2) === 0) {
      await log.restartAt(BigInt(this.#below(10)))
      this.#batches[partition] = []
      return
    }
    await this.#storage!.deletePartition(id)
    const { topicId } = id
    this.#make(partition)
    // Even one of the same id must find nothing of the other.
    if (this.#below(2) === 0) this.#topicIds[partition] = topicId
    this.#logs[partition] = await openLog(this.#storage!, partition, this.#topicIds[partition])
  }

  async #reopen(partition: number): Promise<void> {
    await this.#logs[partition]!.log.close()
    this.#logs[partition] = await openLog(this.#storage!, partition, this.#topicIds[partition])
  }

  async #restart(losingPower: boolean): Promise<void> {
    const durable = this.#logs.map(({ log }) => log.durableEnd)
    if (losingPower) {
      await this.#files.losePower(this.#random)
      this.#files = new FaultyFiles()
    } else {
      await this.#storage!.close(this.#below(2) === 0 ? Buffer.from('clean') : null)
    }
    await this.#open()
    for (const [partition, { log }] of this.#logs.entries()) await this.#compare(partition, log, losingPower, durable[partition]!)
  }

  async #compare(partition: number, log: PartitionStorage, lostPower: boolean, durableEnd: bigint): Promise<void> {
    const mayEndAt = lostPower ? log.endOffset : log.durableEnd
    expect(log.endOffset).toBeGreaterThanOrEqual(lastEnd(this.#batches[partition]!, durableEnd))
    this.#batches[partition] = this.#batches[partition]!.filter((batch) => batch.lastOffset < mayEndAt)
    this.#forgetDeleted(partition)
    const expected = Buffer.concat(this.#batches[partition]!.map(({ bytes }) => bytes))
    expect((await contents(log)).equals(expected)).toBe(true)
  }
}

/** Where the last batch ends that reaches no further than `end`: behind it the cleaner may have left nothing. */
function lastEnd(batches: readonly AppendedBatch[], end: bigint): bigint {
  return batches.findLast((batch) => batch.lastOffset < end)?.lastOffset ?? -1n
}

async function* asyncly<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values
}
