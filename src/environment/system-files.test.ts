import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { lockHolder } from './directory-lock.ts'
import { SystemFiles } from './system-files.ts'

let folder = ''
const files = new SystemFiles()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the disk', () => {
  test('a small file is replaced as a whole, whatever a crash left beside it', async () => {
    const path = join(folder, 'meta.properties')
    expect(await files.read(path)).toBeNull()
    await writeFile(`${path}.tmp`, 'half writ')
    await files.replace(path, Buffer.from('one'))
    await files.replace(path, Buffer.from('two'))
    expect(String(await files.read(path))).toBe('two')
    expect(await readdir(folder)).toEqual(['meta.properties'])
  })

  test('pieces are written in order, both ways, and read back', async () => {
    const file = await files.open(join(folder, 'log'), { create: true })
    file.writeSync([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cd')], 0)
    await file.write([Buffer.from('ef'), Buffer.from('g')], 4)
    await file.sync()
    const into = Buffer.alloc(10)
    expect(file.readSync(into, 1)).toBe(6)
    expect(await file.read(into, 0)).toBe(7)
    expect(into.toString('utf8', 0, 7)).toBe('abcdefg')
    await file.truncate(3)
    expect(file.sizeSync()).toBe(3)
    await file.close()
  })

  test('more pieces than one system call takes', async () => {
    const file = files.openSync(join(folder, 'log'), { create: true })
    file.writeSync(
      Array.from({ length: 5000 }, () => Buffer.from('x')),
      0,
    )
    expect(file.sizeSync()).toBe(5000)
    await file.close()
  })

  test('closing waits for what is under way, and nothing begins afterwards', async () => {
    const file = await files.open(join(folder, 'log'), { create: true })
    await file.write([Buffer.from('abc')], 0)
    const into = Buffer.alloc(3)
    const read = file.read(into, 0)
    const closed = file.close()
    expect(() => file.readSync(into, 0)).toThrow('is closed')
    expect(await read).toBe(3)
    await closed
  })

  test('directories are made, listed and removed with all that is in them', async () => {
    const path = join(folder, 'a', 'b')
    await files.makeDirectory(path)
    await files.makeDirectory(path)
    await writeFile(join(path, 'c'), '')
    expect(files.listSync(join(folder, 'a'))).toEqual([{ name: 'b', isDirectory: true }])
    expect(files.listSync(join(folder, 'none'))).toEqual([])
    await files.removeTree(join(folder, 'a'))
    await files.remove(join(folder, 'none'))
    expect(await readdir(folder)).toEqual([])
    expect(files.space(folder).totalBytes).toBeGreaterThan(0n)
  })

  test('a directory where none can be is an error, not an endless attempt', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(files.makeDirectory(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(files.makeDirectory(join(folder, 'file', 'a', 'b'))).rejects.toThrow()
    if (process.platform === 'linux') await expect(files.makeDirectory('/proc/none/of/these')).rejects.toThrow()
  })

  test('a file is read at once, or its facts are, without being opened; none is null', async () => {
    await writeFile(join(folder, 'file'), 'content')
    expect(String(files.readSync(join(folder, 'file')))).toBe('content')
    expect(files.readSync(join(folder, 'none'))).toBeNull()
    expect(files.factsSync(join(folder, 'none'))).toBeNull()
    const facts = files.factsSync(join(folder, 'file'))
    expect(facts?.sizeBytes).toBe(7)
    expect(facts?.modifiedMs).toBeGreaterThan(1_700_000_000_000)
  })

  test('the probe for a directory that ignores case leaves nothing behind', async () => {
    expect(await files.ignoresCase(folder)).toBe(process.platform === 'darwin' || process.platform === 'win32')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('the lock of a directory', () => {
  test('a second broker of this process is kept out until the first releases it', async () => {
    const path = join(folder, '.lock')
    const lock = await files.tryLock(path)
    expect(lock).not.toBeNull()
    expect(await files.tryLock(path)).toBeNull()
    if (process.platform === 'linux') expect(await lockHolder(path)).toBe('another broker in this process')
    await lock?.release()
    const again = await files.tryLock(path)
    expect(again).not.toBeNull()
    await again?.release()
  })
})
