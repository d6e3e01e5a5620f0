import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import { FaultyFiles } from '../../environment/faulty-files.ts'
import type { OpenFile } from '../../environment/files.ts'
import { RecordingLogger } from '../../environment/recording-logger.ts'
import { testBatch } from '../test-batch.ts'
import { Journal, type JournaledLog, journalFile, type RoundPart } from './journal.ts'
import { entryHeaderBytes } from './journal-entry.ts'
import { removeJournal, replayJournal } from './journal-replay.ts'

const halfBytes = 64 * 1024
const buffers = new Buffers({ checked: true })
let directory = ''
let files: FaultyFiles
let logger: RecordingLogger
let journal: Journal
let opened: OpenFile[] = []

/** A log with one segment, whose file is synced when the test says so. */
class TestLog implements JournaledLog {
  readonly journalId: { readonly topicId: string; readonly partition: number }
  readonly path: string
  checkpointEnd = 0n
  end = 0n
  durableEnd = 0n
  #file: OpenFile | null = null
  /** Where the file ends behind each batch. */
  readonly #ends = [0]

  constructor(partition: number, topicId = 'am91cm5hbC10b3BpYy1pZA') {
    this.journalId = { topicId, partition }
    this.path = join(directory, `orders-${partition}`, '00000000000000000000.log')
  }

  get id() {
    return { ...this.journalId, topic: 'orders' }
  }

  /** Writes a batch to the segment, not synced, and gives the part that makes it durable. */
  async write(paddingBytes = 10): Promise<RoundPart> {
    await mkdir(join(this.path, '..'), { recursive: true })
    if (this.#file === null) {
      this.#file = await files.open(this.path, { create: true })
      opened.push(this.#file)
    }
    const { bytes } = testBatch({ baseOffset: this.end, paddingBytes })
    const position = this.#ends.at(-1)!
    this.#file.writeSync([bytes], position)
    this.#ends.push(position + bytes.length)
    this.end += 1n
    const { end } = this
    const stretch = { segmentBaseOffset: 0n, file: this.#file, position, bytes: bytes.length }
    const becameDurable = (): void => {
      this.durableEnd = end
    }
    return { log: this, stretches: [stretch], bytes: bytes.length + entryHeaderBytes, end, becameDurable }
  }

  sync(): void {
    this.checkpointEnd = this.end
  }

  get syncedBytes(): number {
    return this.#ends[Number(this.checkpointEnd)]!
  }

  /** As if nothing of the file but so many bytes had been on the disk. */
  async lose(keptBytes = 0): Promise<Buffer> {
    const whole = await readFile(this.path)
    await truncate(this.path, keptBytes)
    return whole
  }
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'))
  files = new FaultyFiles()
  logger = new RecordingLogger()
  opened = []
  journal = await openJournal()
})

afterEach(async () => {
  for (const file of opened) await file.close()
  await rm(directory, { recursive: true, force: true })
})

/** One that takes rounds; its file is made when it is first asked for one. */
async function openJournal(): Promise<Journal> {
  const made = new Journal({ directory, files, buffers, logger, halfBytes })
  expect(made.roundBytesMax()).toBe(0)
  while (made.roundBytesMax() === 0) await new Promise<void>((resolve) => setImmediate(resolve))
  return made
}

async function round(...parts: readonly RoundPart[]): Promise<void> {
  expect(journal.roundBytesMax()).toBeGreaterThan(0)
  expect(await journal.write(parts)).toEqual(new Set(parts))
}

async function replay(...logs: readonly TestLog[]): Promise<void> {
  await replayJournal(
    { files, buffers, logger },
    directory,
    logs.map(({ id }) => id),
    halfBytes,
  )
}

describe('a journal', () => {
  test('has after a crash what the segments lack, and is removed when they have it', async () => {
    const [one, other] = [new TestLog(0), new TestLog(1)]
    await round(await one.write(), await other.write())
    await round(await one.write())
    const whole = [await one.lose(), await other.lose(10)]
    await replay(one, other)
    expect([await readFile(one.path), await readFile(other.path)]).toEqual(whole)
    expect(await readdir(directory)).not.toContain(journalFile)
  })

  test('makes good what was torn in the middle of a segment', async () => {
    const log = new TestLog(0)
    await round(await log.write(50))
    const whole = await readFile(log.path)
    // The offset and the leader epoch of a batch are not part of its checksum.
    for (const [from, end] of [
      [0, 16],
      [8, 24],
      [40, whole.length],
    ] as const) {
      const torn = Buffer.from(whole).fill(0, from, end)
      await writeFile(log.path, torn)
      const kept = await readFile(join(directory, journalFile))
      await replay(log)
      expect(await readFile(log.path)).toEqual(whole)
      await writeFile(join(directory, journalFile), kept)
    }
  })

  test('ends where it was torn', async () => {
    const log = new TestLog(0)
    const first = await log.write()
    await round(first)
    await round(await log.write())
    const whole = await log.lose()
    const path = join(directory, journalFile)
    const second = halfBytes + first.bytes
    const sound = await readFile(path)
    for (const at of [second + entryHeaderBytes + 70, second + 20, second]) {
      await truncate(log.path, 0)
      const torn = Buffer.from(sound)
      torn.writeUInt8(0xee, at)
      await writeFile(path, torn)
      await replay(log)
      expect(await readFile(log.path)).toEqual(whole.subarray(0, first.stretches[0]!.bytes))
    }
  })

  test('is as good as empty if it was cut within its first entry, or holds anything else', async () => {
    const log = new TestLog(0)
    for (const content of [Buffer.alloc(0), Buffer.alloc(40, 1), Buffer.alloc(2 * halfBytes, 7)]) {
      await writeFile(join(directory, journalFile), content)
      await replay(log)
      expect(await readdir(directory)).toEqual([])
    }
  })

  test('leaves alone what belongs to another topic, and segments that were deleted', async () => {
    const [log, deleted] = [new TestLog(0), new TestLog(1)]
    await round(await log.write(), await deleted.write())
    await log.lose()
    await rm(deleted.path)
    await replay(new TestLog(0, 'YW5vdGhlci10b3BpYy1pZA'), deleted)
    expect(await readFile(log.path)).toEqual(Buffer.alloc(0))
    expect(await readdir(join(deleted.path, '..'))).toEqual([])
  })

  test('does not bring back what was retracted before the log was cut', async () => {
    const [cut, other] = [new TestLog(0), new TestLog(1)]
    await round(await cut.write(), await other.write())
    expect(journal.mayHold(cut)).toBe(true)
    cut.sync()
    await journal.retract(cut)
    expect([journal.mayHold(cut), journal.mayHold(other)]).toEqual([false, true])
    await cut.lose()
    const whole = await other.lose()
    await replay(cut, other)
    expect([await readFile(cut.path), await readFile(other.path)]).toEqual([Buffer.alloc(0), whole])
  })

  test('has what was written to a log after it was cut', async () => {
    const log = new TestLog(0)
    await round(await log.write())
    log.sync()
    await journal.retract(log)
    await round(await log.write())
    const whole = await readFile(log.path)
    const kept = whole.length / 2
    await log.lose(kept)
    await replay(log)
    expect(await readFile(log.path)).toEqual(whole)
  })

  test('overwrites nothing that somebody else has put there, and makes no hole', async () => {
    const [changed, cut] = [new TestLog(0), new TestLog(1)]
    // Its first batch was synced, as the journal must be able to rely on.
    await cut.write()
    await round(await changed.write(), await cut.write())
    const others = testBatch({ baseOffset: 0n, paddingBytes: 20 }).bytes
    await writeFile(changed.path, others)
    await cut.lose(50)
    await replay(changed, cut)
    expect(await readFile(changed.path)).toEqual(others)
    expect((await readFile(cut.path)).length).toBe(50)
    const warnings = logger.messages('warn')
    expect(warnings.map((line) => line.includes('was changed since the last run'))).toEqual([true, true])
  })

  test('is not misled by a sound batch of lower offsets: a block that was never written may hold old bytes of the same log', async () => {
    const log = new TestLog(0)
    await log.write()
    log.sync()
    await round(await log.write())
    const whole = await readFile(log.path)
    const half = whole.length / 2
    await writeFile(log.path, Buffer.concat([whole.subarray(0, half), whole.subarray(0, half)]))
    await replay(log)
    expect(await readFile(log.path)).toEqual(whole)
  })

  test('is left unread after a clean stop: Kafka made it, and has gone on', async () => {
    const log = new TestLog(0)
    await round(await log.write())
    await log.lose()
    await removeJournal({ files, buffers, logger }, directory)
    expect(await readFile(log.path)).toEqual(Buffer.alloc(0))
    expect(await readdir(directory)).not.toContain(journalFile)
    expect(logger.messages('warn')).toHaveLength(1)
  })

  test('is written over when the segments have what is in it, again and again', async () => {
    const logs = Array.from({ length: 4 }, (_, partition) => new TestLog(partition))
    const synced: JournaledLog[] = []
    journal.onCheckpoint(async (log) => {
      synced.push(log)
      ;(log as TestLog).sync()
    })
    for (let rounds = 0; rounds < 100; rounds++) {
      const parts: RoundPart[] = []
      for (const log of logs) if ((rounds + log.journalId.partition) % 3 > 0) parts.push(await log.write(100 + rounds * 7))
      await round(...parts)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    expect(synced.length).toBeGreaterThan(8)
    expect((await readFile(join(directory, journalFile))).length).toBeLessThanOrEqual(2 * halfBytes)
    const whole: Buffer[] = []
    // What is synced is on the disk; the journal has the rest.
    for (const log of logs) whole.push(await log.lose(log.syncedBytes))
    await replay(...logs)
    for (const [partition, log] of logs.entries()) expect(await readFile(log.path)).toEqual(whole[partition])
  })

  test('takes nothing while both halves are needed, and goes on when a log was synced', async () => {
    const [lagging, busy] = [new TestLog(0), new TestLog(1)]
    await round(await lagging.write())
    let rounds = 0
    for (; journal.roundBytesMax() > 0; rounds++) await round(await busy.write(2000))
    busy.sync()
    expect(journal.roundBytesMax()).toBe(0)
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(journal.roundBytesMax()).toBe(0)
    lagging.sync()
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(journal.roundBytesMax()).toBeGreaterThan(0)
    expect(rounds).toBeGreaterThan(2)
  })

  test('can be asked for a round by the sync that empties it', async () => {
    const [lagging, busy] = [new TestLog(0), new TestLog(1)]
    let asked = 0
    journal.onCheckpoint(async () => {
      asked++
      journal.roundBytesMax()
    })
    await round(await lagging.write())
    while (journal.roundBytesMax() > 0) await round(await busy.write(2000))
    busy.sync()
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(journal.roundBytesMax()).toBe(0)
    expect(asked).toBeGreaterThan(0)
  })

  test('has room for retractions though it is full, and gives up where there is none', async () => {
    const [lagging, busy] = [new TestLog(0), new TestLog(1)]
    await round(await lagging.write())
    while (journal.roundBytesMax() > 0) await round(await busy.write(2000))
    busy.sync()
    await journal.retract(busy)
    expect(journal.mayHold(busy)).toBe(false)
    expect(journal.mayHold(lagging)).toBe(true)
  })

  test('a stop removes it, unless a log lacks what is in it', async () => {
    const [one, other] = [new TestLog(0), new TestLog(1)]
    await round(await one.write(), await other.write())
    one.sync()
    expect(await journal.close()).toBe(false)
    expect(await readdir(directory)).toContain(journalFile)
    other.sync()
    expect(await journal.close()).toBe(true)
    expect(await readdir(directory)).not.toContain(journalFile)
  })
})

describe('a journal that cannot be written', () => {
  const fault = (code: string): Error => Object.assign(new Error('the disk'), { code })

  test.each([
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
  ] as const)('fails no log: a failed %s leaves them to be synced themselves', async (what, code) => {
    const log = new TestLog(0)
    await round(await log.write())
    const part = await log.write()
    if (what === 'write') files.failWrites = fault(code)
    else files.failSyncs = fault(code)
    expect(journal.roundBytesMax()).toBeGreaterThan(0)
    expect(await journal.write([part])).toEqual(new Set())
    expect(journal.roundBytesMax()).toBe(0)
    expect(logger.messages('error')).toHaveLength(1)
    expect(await readdir(directory)).toContain(journalFile)
    files.failWrites = null
    files.failSyncs = null
    log.sync()
    await journal.retract(log)
    expect(await readdir(directory)).not.toContain(journalFile)
    expect(journal.mayHold(log)).toBe(false)
    expect(journal.roundBytesMax()).toBe(0)
    expect(await journal.close()).toBe(true)
  })

  test('stays for the next start while a log needs it, and refuses to retract', async () => {
    const [failed, other] = [new TestLog(0), new TestLog(1)]
    await round(await failed.write(), await other.write())
    const part = await other.write()
    files.failSyncs = fault('EIO')
    await journal.write([part])
    other.sync()
    await expect(journal.retract(other)).rejects.toMatchObject({ kind: 'io' })
    expect(await journal.close()).toBe(false)
    expect(await readdir(directory)).toContain(journalFile)
  })

  test('a segment that cannot be read is left out of the round', async () => {
    const [unread, other] = [new TestLog(0), new TestLog(1)]
    const [bad, good] = [await unread.write(), await other.write()]
    await truncate(unread.path, 10)
    expect(await journal.write([bad, good])).toEqual(new Set([good]))
    const whole = await other.lose()
    await replay(unread, other)
    expect(await readFile(other.path)).toEqual(whole)
  })
})
