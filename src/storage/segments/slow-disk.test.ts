import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { RecordsSlice } from '../../../protocol/records/records-slice.ts'
import { Buffers } from '../../environment/buffers.ts'
import { systemTime } from '../../environment/clock.ts'
import { FaultyFiles } from '../../environment/faulty-files.ts'
import type { OpenFile } from '../../environment/files.ts'
import { seededRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import type { PartitionStorage } from '../storage.ts'
import { testBatch } from '../test-batch.ts'
import { RecordedEvents } from '../test-partition.ts'
import { SegmentStorage } from './segment-storage.ts'

const unwrittenBytesMax = 4 * 1024 * 1024
const batchBytes = 512 * 1024

/** A disk on which writes, or syncs, end when the test says so. */
class SlowFiles extends FaultyFiles {
  holding: 'writes' | 'syncs' | 'nothing' = 'nothing'
  #held: (() => void)[] = []

  override async open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    return this.#slow(await super.open(path, options))
  }

  override openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    return this.#slow(super.openSync(path, options))
  }

  letGo(): void {
    this.holding = 'nothing'
    for (const letGo of this.#held.splice(0)) letGo()
  }

  async #hold(what: 'writes' | 'syncs'): Promise<void> {
    if (this.holding === what) await new Promise<void>((resolve) => this.#held.push(resolve))
  }

  #slow(file: OpenFile): OpenFile {
    const write = async (pieces: readonly Buffer[], position: number): Promise<void> => {
      await this.#hold('writes')
      await file.write(pieces, position)
    }
    const sync = async (): Promise<void> => {
      await this.#hold('syncs')
      await file.sync()
    }
    return { ...file, write, sync }
  }
}

/** Counts the bytes that somebody holds on to. */
class Pinned {
  bytes = 0

  slice(bytes: Buffer): RecordsSlice {
    const release = (): void => {
      this.bytes -= bytes.length
    }
    const retain = () => {
      this.bytes += bytes.length
      return { bytes, release }
    }
    return { sizeBytes: bytes.length, view: () => bytes, retain, pieces: () => [retain()] }
  }
}

describe('a disk that lags behind', () => {
  let directory = ''
  let files: SlowFiles
  let storage: SegmentStorage
  let pinned: Pinned
  let logs: { readonly log: PartitionStorage; readonly events: RecordedEvents }[]

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slow-disk-'))
    files = new SlowFiles()
    pinned = new Pinned()
    const [buffers, time, random, logger] = [new Buffers({ checked: true }), systemTime(), seededRandom(1), silentLogger]
    const [durability, threads] = ['fsync', 4] as const
    storage = new SegmentStorage({ directory, files, buffers, time, random, logger, durability, threads, unwrittenBytesMax })
    await storage.open()
    logs = []
    for (let partition = 0; partition < 8; partition++) {
      const events = new RecordedEvents()
      const id = { topicId: 'c2xvdy1kaXNrLXRvcGljMQ', topic: 'orders', partition }
      logs.push({ log: await storage.openPartition(id, { onCorruption: 'cut', fence: 0, events }), events })
    }
  })

  afterEach(async () => {
    files.letGo()
    await storage.close(null)
    await rm(directory, { recursive: true, force: true })
  })

  /** Appends to all logs in turn, as long as the storage says that it may; gives how many batches that were. */
  async function appendWhileWritable(countMax: number): Promise<number> {
    let count = 0
    for (; count < countMax && storage.whenWritable() === undefined; count++) {
      const { log } = logs[count % logs.length]!
      const batch = testBatch({ baseOffset: log.endOffset, paddingBytes: batchBytes - 61 })
      log.append(pinned.slice(batch.bytes), batch)
      if (count % 3 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    return count
  }

  async function allDurable(): Promise<void> {
    for (const { log, events } of logs) await events.until(() => log.durableEnd === log.endOffset)
  }

  test('takes no more once the unwritten bytes have come to their limit, and goes on as they are written', async () => {
    files.holding = 'writes'
    const count = await appendWhileWritable(1000)
    expect(count).toBe(unwrittenBytesMax / batchBytes)
    expect(pinned.bytes).toBe(unwrittenBytesMax)
    const writable = storage.whenWritable()
    files.letGo()
    await writable
    expect(await appendWhileWritable(10)).toBeGreaterThan(0)
    await allDurable()
    expect(pinned.bytes).toBe(0)
  })

  test('holds on to nothing that is written, however late it is synced', async () => {
    files.holding = 'syncs'
    let count = 0
    while (count < 60) {
      await storage.whenWritable()
      count += await appendWhileWritable(60 - count)
    }
    for (const { log, events } of logs) await events.until(() => log.writtenEnd === log.endOffset)
    expect(pinned.bytes).toBe(0)
    expect(logs.every(({ log }) => log.durableEnd < log.endOffset)).toBe(true)
    files.letGo()
    await allDurable()
  })
})
