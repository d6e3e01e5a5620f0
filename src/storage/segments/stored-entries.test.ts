import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import type { OpenFile } from '../../environment/files.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { StoredEntries } from './stored-entries.ts'
import { TimeIndex, timeEntryBytes } from './time-index.ts'

const folder = await mkdtemp(join(tmpdir(), 'stored-entries-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Counts the syncs of files. */
class CountingFiles extends SystemFiles {
  syncs = 0

  override openSync(path: string, options?: { readonly create?: boolean }): OpenFile {
    const file = super.openSync(path, options)
    const sync = file.sync.bind(file)
    file.sync = async () => {
      this.syncs++
      await sync()
    }
    return file
  }
}

const makeTimes = (): TimeIndex => new TimeIndex()

test('entries that were stored without a sync are synced by the next store that asks for one, though nothing was added', async () => {
  const files = new CountingFiles()
  const times = new StoredEntries(files, join(folder, 'a.timeindex'), timeEntryBytes, makeTimes, 0)
  times.tail.add(1000n, 3)
  await times.store({ sync: false, create: false })
  expect(files.syncs).toBe(0)
  await times.store({ sync: true, create: false })
  await times.store({ sync: true, create: false })
  expect(files.syncs).toBe(1)
})

test('entries that a start finds are synced before a stop vouches for them: the process before may have been killed', async () => {
  const files = new CountingFiles()
  const path = join(folder, 'b.timeindex')
  const before = new StoredEntries(files, path, timeEntryBytes, makeTimes, 0)
  before.tail.add(1000n, 3)
  await before.store({ sync: false, create: false })
  const found = new StoredEntries(files, path, timeEntryBytes, makeTimes, null)
  const entries = makeTimes()
  entries.add(1000n, 3)
  found.hold(entries, { count: 1, isWhole: true })
  await found.store({ sync: true, create: false })
  expect(files.syncs).toBe(1)
})
