import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import { systemTime } from '../../environment/clock.ts'
import { FaultyFiles } from '../../environment/faulty-files.ts'
import type { OpenFile } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import { seededRandom } from '../../environment/random.ts'
import { RecordingLogger } from '../../environment/recording-logger.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { appendOne, RecordedEvents, readFrom } from '../test-partition.ts'
import { SegmentStorage } from './segment-storage.ts'

/** A disk whose syncs wait until the test lets them go. */
class HeldFiles extends FaultyFiles {
  #gate: Promise<void> | null = null
  #begun: (() => void) | null = null

  /** From now on; `begun` settles when a sync has begun. */
  hold(): { readonly begun: Promise<void>; readonly letGo: () => void } {
    let letGo: () => void = () => {}
    this.#gate = new Promise((resolve) => {
      letGo = resolve
    })
    const begun = new Promise<void>((resolve) => {
      this.#begun = resolve
    })
    return { begun, letGo }
  }

  override async open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    return this.#held(await super.open(path, options))
  }

  override openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    return this.#held(super.openSync(path, options))
  }

  #held(file: OpenFile): OpenFile {
    const sync = async (): Promise<void> => {
      this.#begun?.()
      await this.#gate
      await file.sync()
    }
    return { ...file, sync }
  }
}

/** Tells in which order logs are cut and synced. */
class SyncedFiles extends FaultyFiles {
  readonly calls: string[] = []

  override openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    const file = super.openSync(path, options)
    if (!path.endsWith('.log')) return file
    return {
      ...file,
      truncate: async (sizeBytes) => {
        await file.truncate(sizeBytes)
        this.calls.push('truncate')
      },
      sync: async () => {
        await file.sync()
        this.calls.push('sync')
      },
    }
  }
}

/** A disk on which some files cannot be written, or read. */
class PartlyFailingFiles extends FaultyFiles {
  failWritesOf: RegExp | null = null
  failReadsOf: RegExp | null = null

  override openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    const file = super.openSync(path, options)
    const mayWrite = (): void => {
      if (this.failWritesOf?.test(path)) throw fault('ENOSPC')
    }
    const mayRead = (): void => {
      if (this.failReadsOf?.test(path)) throw fault('EIO')
    }
    return {
      ...file,
      writeSync: (pieces, position) => {
        mayWrite()
        file.writeSync(pieces, position)
      },
      write: async (pieces, position) => {
        mayWrite()
        await file.write(pieces, position)
      },
      truncate: async (sizeBytes) => {
        mayWrite()
        await file.truncate(sizeBytes)
      },
      readSync: (into, position) => {
        mayRead()
        return file.readSync(into, position)
      },
      read: async (into, position) => {
        mayRead()
        return await file.read(into, position)
      },
    }
  }

  override async read(path: string): Promise<Buffer | null> {
    if (this.failReadsOf?.test(path)) throw fault('EACCES')
    return await super.read(path)
  }

  override async replace(path: string, bytes: Buffer): Promise<void> {
    if (this.failWritesOf?.test(path)) throw fault('ENOSPC')
    await super.replace(path, bytes)
  }
}

const id = { topicId: 'ZmFpbGluZy1kaXNrLXQtMQ', topic: 'orders', partition: 0 }
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failing-disk-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function openLog(files: FaultyFiles, logger: Logger = silentLogger) {
  const [buffers, time, random] = [new Buffers({ checked: true }), systemTime(), seededRandom(1)]
  const storage = new SegmentStorage({
    directory,
    files,
    buffers,
    time,
    random,
    logger,
    durability: 'fsync',
    threads: 4,
  })
  await storage.open()
  const events = new RecordedEvents()
  const log = await storage.openPartition(id, { onCorruption: 'cut', fence: 0, events })
  appendOne(log, {})
  await events.reached('durable', 1n)
  return { storage, events, log }
}

const fault = (code: string): Error => Object.assign(new Error('the disk'), { code })

describe('a disk that fails while a sync is under way', () => {
  test('a stop during the sync that fails is not called clean', async () => {
    const files = new HeldFiles()
    const { storage, log } = await openLog(files)
    const { begun, letGo } = files.hold()
    appendOne(log, {})
    await begun
    const closing = storage.close(Buffer.from('{}'))
    await new Promise<void>((resolve) => setImmediate(resolve))
    files.failSyncs = fault('EIO')
    letGo()
    await closing
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
  })

  test('a stop waits for the segments behind the one that is being synced', async () => {
    const files = new HeldFiles()
    const { storage, log } = await openLog(files)
    const { begun, letGo } = files.hold()
    appendOne(log, {})
    await begun
    appendOne(log, {})
    log.roll()
    appendOne(log, {})
    const closing = storage.close(Buffer.from('{}'))
    await new Promise<void>((resolve) => setImmediate(resolve))
    letGo()
    await closing
    expect(log.durableEnd).toBe(4n)
    expect(await readdir(directory)).toContain('.kafka_cleanshutdown')
  })

  test('the stop is not called clean either where the log was closed, and failed, before', async () => {
    const files = new HeldFiles()
    const { storage, log, events } = await openLog(files)
    files.failSyncs = fault('EIO')
    appendOne(log, {})
    await events.until(() => events.failures.length > 0)
    await expect(log.close()).rejects.toMatchObject({ kind: 'io' })
    await expect(log.close()).rejects.toMatchObject({ kind: 'io' })
    await storage.close(Buffer.from('{}'))
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
  })

  test('the log that is cut after a failed write is synced: what the disk had taken of a batch would come back in its middle', async () => {
    const files = new SyncedFiles()
    const { storage, log, events } = await openLog(files)
    appendOne(log, {})
    await events.reached('durable', log.endOffset)
    files.failWrites = fault('ENOSPC')
    appendOne(log, {})
    await events.until(() => events.failures.length > 0)
    files.failWrites = null
    files.calls.length = 0
    await log.truncateTo(log.durableEnd)
    expect(files.calls).toEqual(['truncate', 'sync'])
    await storage.close(null)
  })

  test('the durable end stands still once the failure of a write was told, so that no reader sees what is cut off', async () => {
    const files = new HeldFiles()
    const { storage, log, events } = await openLog(files)
    const { begun, letGo } = files.hold()
    appendOne(log, {})
    await begun
    files.failWrites = fault('ENOSPC')
    appendOne(log, {})
    await events.until(() => events.failures.length > 0)
    files.failWrites = null
    const durableEnd = log.durableEnd
    const cut = log.truncateTo(durableEnd)
    letGo()
    await cut
    expect(events.calls.filter(([kind, end]) => kind === 'durable' && end > durableEnd)).toEqual([])
    expect([log.durableEnd, log.endOffset]).toEqual([durableEnd, durableEnd])
    await storage.close(null)
  })
})

describe('indexes on a disk that fails', () => {
  /** A log of two segments, with index entries in both. */
  async function withIndexes(files: FaultyFiles) {
    const logger = new RecordingLogger()
    const { storage, log, events } = await openLog(files, logger)
    const append = async (): Promise<void> => {
      for (let count = 0; count < 30; count++) appendOne(log, { paddingBytes: 1000, maxTimestamp: log.endOffset + 2000n })
      await events.reached('durable', log.endOffset)
    }
    await append()
    log.roll()
    await append()
    return { storage, log, events, logger, append }
  }

  test('one that cannot be written costs a log line that says what to do, and no record', async () => {
    const files = new PartlyFailingFiles()
    files.failWritesOf = /index$/
    const { storage, log, events, logger, append } = await withIndexes(files)
    await append()
    expect(events.failures).toEqual([])
    expect(await readFrom(log, 25n)).toHaveLength(Number(log.endOffset) - 25)
    expect(await log.batchByTimestamp(2012n)).toBe(12n)
    await storage.close(Buffer.from('{}'))
    expect(logger.messages('error')).toContainEqual(expect.stringMatching(/index of .* cannot be written.*full disk/))
    files.failWritesOf = null
    const again = await openLog(files, logger)
    expect(await readFrom(again.log, 0n)).toHaveLength(92)
    expect(await again.log.batchByTimestamp(2012n)).toBe(12n)
    await again.storage.close(Buffer.from('{}'))
  })

  test('one that cannot be read is built anew from the log', async () => {
    const files = new PartlyFailingFiles()
    const first = await withIndexes(files)
    await first.storage.close(Buffer.from('{}'))
    files.failReadsOf = /index$/
    const { storage, log } = await openLog(files)
    expect(await readFrom(log, 0n)).toHaveLength(62)
    expect(await log.batchByTimestamp(2017n)).toBe(17n)
    await storage.close(null)
  })

  test('a log that cannot be read refuses the read, and goes on taking batches', async () => {
    const files = new PartlyFailingFiles()
    const { storage, log, events, append } = await withIndexes(files)
    files.failReadsOf = /log$/
    await expect((async () => await log.read(0n, 5n, 1000, true))()).rejects.toMatchObject({ kind: 'io' })
    await expect(log.batchByTimestamp(17n)).rejects.toMatchObject({ kind: 'io' })
    await append()
    expect(events.failures).toEqual([])
    files.failReadsOf = null
    expect(await readFrom(log, 0n)).toHaveLength(91)
    await storage.close(null)
  })

  test('checkpoint files that cannot be written keep the stop from being called clean', async () => {
    const files = new PartlyFailingFiles()
    const { storage } = await withIndexes(files)
    files.failWritesOf = /checkpoint$/
    await expect(storage.close(Buffer.from('{}'))).rejects.toMatchObject({ kind: 'full' })
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
    files.failWritesOf = null
    const again = await openLog(files)
    expect(await readFrom(again.log, 0n)).toHaveLength(62)
    await again.storage.close(null)
  })
})
