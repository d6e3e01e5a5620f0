import {
  closeSync,
  type Dirent,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'
import { median } from './statistics.ts'

/** The broker deletes while we look: what is gone meanwhile is not there. */
function filesIn(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** What one broker left to be written is not to be written in the next one's turn. */
export async function syncDisk(): Promise<void> {
  await runProgram('sync', [], 120_000)
}

/** How the page cache is emptied on this machine: all of it where we may, else file by file. */
export function coldMethod(): 'drop_caches' | 'posix_fadvise' {
  try {
    closeSync(openSync('/proc/sys/vm/drop_caches', 'w'))
    return 'drop_caches'
  } catch {
    return 'posix_fadvise'
  }
}

/** Takes a broker's data out of the page cache, so that it must be read from the disk. */
export async function dropFromPageCache(dataFolder: string): Promise<void> {
  await syncDisk()
  if (coldMethod() === 'drop_caches') writeFileSync('/proc/sys/vm/drop_caches', '3')
  // dd with nocache and nothing to copy advises the kernel, and that is all.
  else for (const file of filesIn(dataFolder)) await runProgram('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'])
}

/** What the disk under the brokers' data can do without one: MB/s written and synced at the end, and ms for 4 KB and an fdatasync. */
export function probeDisk(megabytes = 256): { readonly syncedMegabytesPerSecond: number; readonly syncMs: number } {
  const folder = mkdtempSync(join(tmpdir(), 'bench-disk-'))
  try {
    const file = openSync(join(folder, 'probe'), 'w')
    const block = Buffer.alloc(1_000_000, 'x')
    const began = performance.now()
    for (let written = 0; written < megabytes; written++) writeSync(file, block)
    fdatasyncSync(file)
    const seconds = (performance.now() - began) / 1000
    const syncs = Array.from({ length: 50 }, () => {
      const start = performance.now()
      writeSync(file, block, 0, 4096)
      fdatasyncSync(file)
      return performance.now() - start
    })
    closeSync(file)
    return { syncedMegabytesPerSecond: megabytes / seconds, syncMs: median(syncs) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
