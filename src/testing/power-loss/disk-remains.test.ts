import { describe, expect, test } from '@jest/globals'
import { SystemFiles } from '../../environment/system-files.ts'
import { Dice } from '../simulation/dice.ts'
import { SimulatedTime } from '../simulation/simulated-time.ts'
import { DiskProcess } from './disk-process.ts'
import { DiskRemains } from './disk-remains.ts'
import { RecordedDisk } from './recorded-disk.ts'
import { settle } from './settle.ts'

const draws = 200

class TestDisk {
  readonly disk = new RecordedDisk()
  readonly time = new SimulatedTime()
  readonly files = new SystemFiles(new DiskProcess({ disk: this.disk, time: this.time, dice: new Dice(1) }), 8)

  /** What is done to it; time passes until it is over. */
  async after(run: (files: SystemFiles) => Promise<unknown>): Promise<this> {
    await settle(this.time, run(this.files), 10_000, 'it')
    return this
  }

  /** What many losses of power leave of a file; null where it is gone. */
  remainsOf(path: string, cut = this.disk.history.length): (string | null)[] {
    const remains = new DiskRemains(this.disk)
    remains.advanceTo(cut)
    return Array.from({ length: draws }, (_, seed) => {
      const node = new RecordedDisk(remains.draw(new Dice(seed))).find(path)
      return node?.kind === 'file' ? node.view().toString('latin1') : null
    })
  }
}

const kinds = (remains: readonly (string | null)[]): readonly (string | null)[] =>
  [...new Set(remains)].sort((a, b) => (a ?? '').localeCompare(b ?? ''))

describe('after a loss of power', () => {
  test('what was synced is there, with its name, where the directory was synced too', async () => {
    const disk = await new TestDisk().after(async (files) => {
      const file = await files.open('/a', { create: true })
      await file.write([Buffer.from('one')], 0)
      await file.sync()
      await files.syncDirectory('/')
    })
    expect(kinds(disk.remainsOf('/a'))).toEqual(['one'])
  })

  test('a file that was synced may have no name', async () => {
    const disk = await new TestDisk().after(async (files) => {
      const file = await files.open('/a', { create: true })
      await file.write([Buffer.from('one')], 0)
      await file.sync()
    })
    expect(kinds(disk.remainsOf('/a'))).toEqual([null, 'one'])
  })

  test('of what was not synced any block may be there or not, in any order', async () => {
    const disk = await new TestDisk().after(async (files) => {
      const file = await files.open('/a', { create: true })
      await file.sync()
      await files.syncDirectory('/')
      await file.write([Buffer.alloc(4096, 'a')], 0)
      await file.write([Buffer.alloc(4096, 'b')], 4096)
    })
    const firsts = new Set(disk.remainsOf('/a').map((content) => `${content?.at(0) ?? '-'}${content?.at(4096) ?? '-'}`))
    expect([...firsts]).toEqual(expect.arrayContaining(['--', 'a-', 'ab', 'a\0', '\0b']))
  })

  test('a sync does not cover what was still being written when it began', async () => {
    const test = new TestDisk()
    await test.after(async (files) => {
      const file = await files.open('/a', { create: true })
      await files.syncDirectory('/')
      await Promise.all([file.sync(), file.write([Buffer.from('late')], 0)])
    })
    expect(test.remainsOf('/a')).toContain('')
  })

  test('a rename happened or not, and nothing in between', async () => {
    const disk = await new TestDisk().after(async (files) => {
      await files.replace('/a', Buffer.from('old'))
      await files.replace('/a', Buffer.from('new'))
    })
    const synced = disk.disk.history.length
    expect(kinds(disk.remainsOf('/a'))).toEqual(['new'])
    expect(kinds(disk.remainsOf('/a', synced - 1))).toEqual(['new', 'old'])
  })

  test('a removal is undone where the directory was not synced', async () => {
    const disk = await new TestDisk().after(async (files) => {
      await files.replace('/a', Buffer.from('old'))
      await files.remove('/a')
    })
    expect(kinds(disk.remainsOf('/a'))).toEqual([null, 'old'])
    await disk.after((files) => files.syncDirectory('/'))
    expect(kinds(disk.remainsOf('/a'))).toEqual([null])
  })

  test('a truncation is undone where the file was not synced', async () => {
    const disk = await new TestDisk().after(async (files) => {
      const file = await files.open('/a', { create: true })
      await file.write([Buffer.from('old and new')], 0)
      await file.sync()
      await files.syncDirectory('/')
      await file.truncate(3)
    })
    // The block that was cut may be on the disk before the new size is.
    expect(kinds(disk.remainsOf('/a'))).toEqual(['old', 'old\0\0\0\0\0\0\0\0', 'old and new'])
    await disk.after(async (files) => (await files.open('/a')).sync())
    expect(kinds(disk.remainsOf('/a'))).toEqual(['old'])
  })

  test('a directory takes what is in it along', async () => {
    const disk = await new TestDisk().after(async (files) => {
      await files.makeDirectory('/one/two')
      await files.replace('/one/two/a', Buffer.from('content'))
    })
    expect(kinds(disk.remainsOf('/one/two/a'))).toEqual(['content'])
    const cut = disk.disk.history.findIndex((operation) => operation.kind === 'sync')
    expect(disk.remainsOf('/one/two/a', cut)).toContain(null)
  })
})
