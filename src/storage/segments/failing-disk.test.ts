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
import { appendOne, RecordedEvents } from '../storage-suite.ts'
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

const id = { topicId: 'ZmFpbGluZy1kaXNrLXQtMQ', topic: 'orders', partition: 0 }
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failing-disk-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function openLog(files: HeldFiles) {
  const [buffers, time, random] = [new Buffers({ checked: true }), systemTime(), seededRandom(1)]
  const storage = new SegmentStorage({
    directory,
    files,
    buffers,
    time,
    random,
    logger: silentLogger,
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
