import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { tryLockFile } from './directory-lock.ts'
import { type DirectoryEntry, type FileLock, type Files, type OpenFile, systemErrorCode } from './files.ts'
import { SystemOpenFile } from './system-open-file.ts'

const { promises } = fs

/** A file that was being replaced when the process ended; nobody needs it. */
export const replacementSuffix = '.tmp'

/** The disk of this machine. */
export class SystemFiles implements Files {
  async open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    return new SystemOpenFile(path, await opened(path, openFlags(options)))
  }

  openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    return new SystemOpenFile(path, fs.openSync(path, openFlags(options), 0o644))
  }

  async read(path: string): Promise<Buffer | null> {
    return await unlessMissing(promises.readFile(path), null)
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    const temporary = path + replacementSuffix
    await this.remove(temporary)
    const file = await promises.open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    await promises.rename(temporary, path)
    await this.syncDirectory(dirname(path))
  }

  async list(path: string): Promise<readonly DirectoryEntry[]> {
    const entries = await unlessMissing(promises.readdir(path, { withFileTypes: true }), [])
    return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
  }

  /** Step by step: where a directory cannot hold any (/proc), Node's own recursive way never comes back. */
  async makeDirectory(path: string): Promise<void> {
    const made = await this.#makeOneDirectory(path)
    if (made === 'parent is missing') {
      await this.makeDirectory(dirname(path))
      await promises.mkdir(path)
    }
    if (made !== 'was there') await this.syncDirectory(dirname(path))
  }

  async #makeOneDirectory(path: string): Promise<'made' | 'was there' | 'parent is missing'> {
    try {
      await promises.mkdir(path)
      return 'made'
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOENT' && dirname(path) !== path) return 'parent is missing'
      // Some systems say EPERM or EISDIR of what is there already.
      if ((await unlessMissing(promises.stat(path), null))?.isDirectory() === true) return 'was there'
      throw error
    }
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows keeps directories in its journal by itself, and opens none for syncing.
    if (process.platform === 'win32') return
    const directory = await promises.open(path, 'r')
    try {
      await directory.sync()
    } catch (error) {
      // Some file systems (network, FUSE) cannot; they decide themselves when an entry is durable.
      if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'].includes(systemErrorCode(error) ?? '')) throw error
    } finally {
      await directory.close()
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await promises.rename(from, to)
  }

  async remove(path: string): Promise<void> {
    await unlessMissing(promises.unlink(path), undefined)
  }

  async removeTree(path: string): Promise<void> {
    await promises.rm(path, { recursive: true, force: true, maxRetries: 3 })
  }

  space(path: string): { readonly totalBytes: bigint; readonly usableBytes: bigint } {
    const facts = fs.statfsSync(path, { bigint: true })
    return { totalBytes: facts.blocks * facts.bsize, usableBytes: facts.bavail * facts.bsize }
  }

  async ignoresCase(path: string): Promise<boolean> {
    const name = `.case-probe-${process.pid}`
    const probe = join(path, name)
    await promises.writeFile(probe, '')
    try {
      return await unlessMissing(
        promises.stat(join(path, name.toUpperCase())).then(() => true),
        false,
      )
    } finally {
      await this.remove(probe)
    }
  }

  async tryLock(path: string): Promise<FileLock | null> {
    return await tryLockFile(path)
  }
}

function openFlags(options: { readonly create?: boolean }): number {
  return options.create === true ? fs.constants.O_RDWR | fs.constants.O_CREAT : fs.constants.O_RDWR
}

function opened(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, 0o644, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)))
  })
}

async function unlessMissing<T, M>(result: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await result
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return missing
    throw error
  }
}
