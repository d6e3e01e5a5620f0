import { readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { OpenFile } from './files.ts'
import { seededRandom } from './random.ts'
import { type SystemCalls, systemCalls } from './system-calls.ts'
import { SystemFiles } from './system-files.ts'

const max = 8
/** Beyond `max` only for files that are all in use, or written and not synced. */
const softMax = max + max / 2
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descriptors-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The descriptors that this process has on files of the folder, where the system tells. */
function held(): number {
  if (process.platform !== 'linux') return 0
  return readdirSync('/proc/self/fd').filter((number) => targetOf(number).startsWith(folder)).length
}

function targetOf(number: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${number}`)
  } catch {
    // The descriptor that the listing itself needed.
    return ''
  }
}

const text = (content: string): readonly Buffer[] => [Buffer.from(content)]

/** Fails the syncs of descriptors that were opened for one file. */
class FailingSyncs {
  readonly calls: SystemCalls
  readonly opened = new Map<number, string>()
  syncs = 0

  constructor(failing: (path: string) => boolean) {
    const error = Object.assign(new Error('the disk is gone'), { code: 'EIO' })
    this.calls = {
      ...systemCalls,
      openSync: (path, flags, mode) => this.#note(path, systemCalls.openSync(path, flags, mode)),
      open: (path, flags, mode, done) =>
        systemCalls.open(path, flags, mode, (failed, number) =>
          done(failed, failed === null ? this.#note(path, number) : number),
        ),
      fdatasync: (number, done) => {
        this.syncs++
        if (failing(this.opened.get(number) ?? '')) done(error)
        else systemCalls.fdatasync(number, done)
      },
      fdatasyncSync: (number) => {
        this.syncs++
        if (failing(this.opened.get(number) ?? '')) throw error
        systemCalls.fdatasyncSync(number)
      },
    }
  }

  #note(path: string, number: number): number {
    this.opened.set(number, path)
    return number
  }
}

describe('descriptors', () => {
  test('hundreds of files share a few: all that is read, written, synced and cut equals a model', async () => {
    const random = seededRandom(1)
    const files = new SystemFiles(systemCalls, max)
    const count = 300
    const open: OpenFile[] = []
    const model = Array.from({ length: count }, () => Buffer.alloc(0))
    for (let index = 0; index < count; index++) {
      const path = join(folder, `${index}`)
      open.push(index % 2 === 0 ? files.openSync(path, { create: true }) : await files.open(path, { create: true }))
    }
    const below = (limit: number): number => random.bytes(4).readUInt32LE() % limit
    const append = (index: number, bytes: Buffer): number => {
      const at = model[index]!.length
      model[index] = Buffer.concat([model[index]!, bytes])
      return at
    }
    const step = async (index: number): Promise<void> => {
      const file = open[index]!
      const content = model[index]!
      const into = Buffer.alloc(content.length + 1)
      const choice = below(6)
      const bytes = random.bytes(1 + below(100))
      if (choice === 0) file.writeSync([bytes], append(index, bytes))
      else if (choice === 1) await file.write([bytes], append(index, bytes))
      else if (choice === 2) expect(into.subarray(0, file.readSync(into, 0))).toEqual(content)
      else if (choice === 3) expect(into.subarray(0, await file.read(into, 0))).toEqual(content)
      else if (choice === 4) expect(file.sizeSync()).toBe(content.length)
      else {
        model[index] = content.subarray(0, below(content.length + 1))
        await file.truncate(model[index]!.length)
      }
      if (below(2) === 0) await file.sync()
    }
    let most = 0
    for (let round = 0; round < 100; round++) {
      // A few files at once, no file twice.
      const chosen = new Set(Array.from({ length: 5 }, () => below(count)))
      await Promise.all(Array.from(chosen, step))
      most = Math.max(most, held())
    }
    expect(most).toBeLessThanOrEqual(softMax)
    for (const [index, file] of open.entries()) {
      const into = Buffer.alloc(model[index]!.length)
      file.readSync(into, 0)
      expect(into).toEqual(model[index])
      await file.close()
    }
    expect(held()).toBe(0)
  })

  test('files that are only read never take more than there may be, even all in one turn', async () => {
    const files = new SystemFiles(systemCalls, max)
    const open = Array.from({ length: 100 }, (_, index) => files.openSync(join(folder, `${index}`), { create: true }))
    expect(held()).toBeLessThanOrEqual(max)
    for (const file of open) file.readSync(Buffer.alloc(1), 0)
    expect(held()).toBeLessThanOrEqual(max)
    await Promise.all(open.map((file) => file.read(Buffer.alloc(1), 0)))
    expect(held()).toBeLessThanOrEqual(max)
    await Promise.all(open.map((file) => file.close()))
  })

  test('the file used longest ago is closed first', async () => {
    const opened: string[] = []
    const calls: SystemCalls = {
      ...systemCalls,
      openSync: (path, flags, mode) => {
        opened.push(path)
        return systemCalls.openSync(path, flags, mode)
      },
    }
    const files = new SystemFiles(calls, 2)
    const [a, b, c] = ['a', 'b', 'c'].map((name) => files.openSync(join(folder, name), { create: true }))
    for (const file of [b!, c!, b!, a!, b!]) file.readSync(Buffer.alloc(1), 0)
    expect(opened.map((path) => path.at(-1))).toEqual(['a', 'b', 'c', 'a'])
    await Promise.all([a, b, c].map((file) => file?.close()))
  })

  test('opening an existing file costs no descriptor, nor does its size; a missing one is noticed by its first use', async () => {
    const files = new SystemFiles(systemCalls, max)
    await files.replace(join(folder, 'a'), Buffer.from('abc'))
    const file = await files.open(join(folder, 'a'))
    expect(file.sizeSync()).toBe(3)
    expect(held()).toBe(0)
    await expect((await files.open(join(folder, 'b'))).read(Buffer.alloc(1), 0)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(() => files.openSync(join(folder, 'b')).sizeSync()).toThrow('ENOENT')
    await file.close()
  })

  test('a file with unsynced writes keeps its descriptor, which hears of the failed write-back', async () => {
    const { calls, opened } = new FailingSyncs((path) => path.endsWith('lost'))
    const files = new SystemFiles(calls, max)
    const lost = files.openSync(join(folder, 'lost'), { create: true })
    lost.writeSync(text('bytes that never reach the disk'), 0)
    const others = Array.from({ length: 100 }, (_, index) => files.openSync(join(folder, `${index}`), { create: true }))
    for (const file of others) file.readSync(Buffer.alloc(1), 0)
    expect([...opened.values()].filter((path) => path.endsWith('lost'))).toHaveLength(1)
    await expect(lost.sync()).rejects.toThrow('the disk is gone')
    await Promise.all([lost, ...others].map((file) => file.close()))
  })

  test('where all are written and unsynced, the oldest is synced to make room; that failing is told to its owner', async () => {
    const failing = new FailingSyncs((path) => path.endsWith('lost'))
    const files = new SystemFiles(failing.calls, max)
    const lost = files.openSync(join(folder, 'lost'), { create: true })
    lost.writeSync(text('x'), 0)
    const others = Array.from({ length: 100 }, (_, index) => files.openSync(join(folder, `${index}`), { create: true }))
    for (const file of others) file.writeSync(text('content'), 0)
    expect(failing.syncs).toBeGreaterThan(0)
    expect(held()).toBeLessThanOrEqual(softMax + 1)
    for (const file of others) {
      const into = Buffer.alloc(10)
      expect(into.toString('utf8', 0, file.readSync(into, 0))).toBe('content')
    }
    await expect(lost.sync()).rejects.toThrow('the disk is gone')
    await Promise.all([lost, ...others].map((file) => file.close()))
    expect(held()).toBe(0)
  })

  test('when the process has no descriptor left, one of an idle file is taken', async () => {
    let left = 3
    const calls: SystemCalls = {
      ...systemCalls,
      openSync: (path, flags, mode) => {
        if (left === 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
        left--
        return systemCalls.openSync(path, flags, mode)
      },
      closeSync: (number) => {
        left++
        systemCalls.closeSync(number)
      },
    }
    const files = new SystemFiles(calls, 100)
    const open = Array.from({ length: 10 }, (_, index) => files.openSync(join(folder, `${index}`), { create: true }))
    for (const file of open) file.writeSync(text('a'), 0)
    for (const file of open) expect(file.readSync(Buffer.alloc(2), 0)).toBe(1)
    await Promise.all(open.map((file) => file.close()))
  })

  test('nor do small files and directories fail then', async () => {
    let left = 2
    const mustHaveOne = (): void => {
      if (left === 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    }
    const counted = <A extends unknown[], R>(run: (...args: A) => R, taken: number): ((...args: A) => R) => {
      return (...args) => {
        mustHaveOne()
        left -= taken
        return run(...args)
      }
    }
    const { promises } = systemCalls
    const files = new SystemFiles(
      {
        ...systemCalls,
        openSync: counted(systemCalls.openSync, 1),
        open: (path, flags, mode, done) => {
          try {
            counted(systemCalls.open, 1)(path, flags, mode, done)
          } catch (error) {
            done(error as Error, -1)
          }
        },
        readdirSync: counted(systemCalls.readdirSync, 0),
        closeSync: (number) => {
          left++
          systemCalls.closeSync(number)
        },
        promises: {
          ...promises,
          readFile: async (path) => await counted(promises.readFile, 0)(path),
        },
      },
      100,
    )
    const path = join(folder, 'small')
    const uses = [
      () => files.replace(path, Buffer.from('abc')),
      () => files.read(path),
      async () => files.readSync(path),
      async () => files.listSync(folder),
      () => files.syncDirectory(folder),
    ]
    for (const use of uses) {
      const idle = ['one', 'two'].map((name) => files.openSync(join(folder, name), { create: true }))
      expect(left).toBe(0)
      await use()
      for (const file of idle) await file.close()
      left = 2
    }
  })

  test('a renamed file is found under its new name, also by a read under way', async () => {
    const files = new SystemFiles(systemCalls, 1)
    const [file, other] = ['a', 'b'].map((name) => files.openSync(join(folder, name), { create: true }))
    file!.writeSync(text('abc'), 0)
    await file!.sync()
    const renamed = file!.rename(join(folder, 'c'))
    other!.readSync(Buffer.alloc(1), 0)
    expect(await file!.read(Buffer.alloc(3), 0)).toBe(3)
    await renamed
    other!.readSync(Buffer.alloc(1), 0)
    expect(file!.readSync(Buffer.alloc(3), 0)).toBe(3)
    await Promise.all([file!.close(), other!.close()])
  })

  test('closing waits for a read that is still opening the file', async () => {
    const files = new SystemFiles(systemCalls, max)
    await files.replace(join(folder, 'a'), Buffer.from('abc'))
    const file = await files.open(join(folder, 'a'))
    const read = file.read(Buffer.alloc(3), 0)
    const closed = file.close()
    expect(await read).toBe(3)
    await closed
    await expect(file.read(Buffer.alloc(1), 0)).rejects.toThrow('is closed')
    expect(held()).toBe(0)
  })
})
