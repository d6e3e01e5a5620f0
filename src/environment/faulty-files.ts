import { closeSync, fstatSync, openSync, truncateSync, writeSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { Random } from './environment.ts'
import { type DirectoryEntry, type FileFacts, type FileLock, type Files, type OpenFile, systemErrorCode } from './files.ts'
import { SystemFiles } from './system-files.ts'

interface Known {
  /** So many bytes survive a loss of power. */
  syncedBytes: number
  entryDurable: boolean
}

/**
 * A disk for tests: the real one, with failures on demand and a loss of power, after which nothing but what was synced
 * is sure to be there. (Renames and removals are taken to be durable at once.)
 */
export class FaultyFiles implements Files {
  /** Thrown by every write, or sync, from now on. */
  failWrites: Error | null = null
  failSyncs: Error | null = null
  readonly #inner = new SystemFiles()
  readonly #known = new Map<string, Known>()
  readonly #locks = new Set<FileLock>()
  /** What the system has been asked for and has not done: it still comes to its end, and what is known of the files with it. */
  readonly #underWay = new Set<Promise<unknown>>()
  #lost = false

  open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    return this.#powered(async () => this.#wrap(path, await this.#inner.open(path, options)))
  }

  openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    this.#mustHavePower()
    return this.#wrap(path, this.#inner.openSync(path, options))
  }

  async read(path: string): Promise<Buffer | null> {
    this.#mustHavePower()
    return await this.#inner.read(path)
  }

  readSync(path: string): Buffer | null {
    this.#mustHavePower()
    return this.#inner.readSync(path)
  }

  factsSync(path: string): FileFacts | null {
    this.#mustHavePower()
    return this.#inner.factsSync(path)
  }

  replace(path: string, bytes: Buffer): Promise<void> {
    return this.#powered(() => this.#inner.replace(path, bytes))
  }

  listSync(path: string): readonly DirectoryEntry[] {
    this.#mustHavePower()
    return this.#inner.listSync(path)
  }

  makeDirectory(path: string): Promise<void> {
    return this.#powered(() => this.#inner.makeDirectory(path))
  }

  async syncDirectory(path: string): Promise<void> {
    this.#mustHavePower()
    if (this.failSyncs !== null) throw this.failSyncs
    await this.#inner.syncDirectory(path)
    for (const [each, known] of this.#known) if (dirname(each) === path) known.entryDurable = true
  }

  rename(from: string, to: string): Promise<void> {
    return this.#powered(async () => {
      await this.#inner.rename(from, to)
      this.#renamed(from, to)
    })
  }

  remove(path: string): Promise<void> {
    return this.#powered(async () => {
      await this.#inner.remove(path)
      this.#known.delete(path)
    })
  }

  removeTree(path: string): Promise<void> {
    return this.#powered(async () => {
      await this.#inner.removeTree(path)
      for (const each of [...this.#known.keys()]) if (each.startsWith(path + sep)) this.#known.delete(each)
    })
  }

  space(path: string): { readonly totalBytes: bigint; readonly usableBytes: bigint } {
    return this.#inner.space(path)
  }

  async ignoresCase(path: string): Promise<boolean> {
    return await this.#inner.ignoresCase(path)
  }

  async tryLock(path: string): Promise<FileLock | null> {
    const lock = await this.#inner.tryLock(path)
    if (lock !== null) this.#locks.add(lock)
    return lock
  }

  /** The process is gone as well: everything fails from now on, and the lock is free. Of what was not synced a part may be there, or zeros. */
  async losePower(random: Random): Promise<void> {
    this.#lost = true
    await Promise.allSettled([...this.#underWay])
    for (const lock of this.#locks) await lock.release()
    for (const [path, known] of this.#known) {
      if (known.entryDurable) tear(path, known.syncedBytes, random)
      else await this.#inner.remove(path)
    }
  }

  async #powered<T>(run: () => Promise<T>): Promise<T> {
    this.#mustHavePower()
    const running = run()
    this.#underWay.add(running)
    try {
      return await running
    } finally {
      this.#underWay.delete(running)
    }
  }

  #renamed(from: string, to: string): void {
    for (const [path, known] of [...this.#known]) {
      if (path !== from && !path.startsWith(from + sep)) continue
      this.#known.delete(path)
      this.#known.set(path === from ? to : join(to, path.slice(from.length + 1)), known)
    }
  }

  #mustHavePower(): void {
    if (this.#lost) throw Object.assign(new Error('there is no power'), { code: 'EIO' })
  }

  #wrap(path: string, file: OpenFile): OpenFile {
    const sizeBytes = file.sizeSync()
    // What the last run left, and nobody cut off, is taken to be on the disk.
    const known = this.#known.get(path) ?? { syncedBytes: sizeBytes, entryDurable: sizeBytes > 0 }
    this.#known.set(path, known)
    const mayWrite = (): void => {
      this.#mustHavePower()
      if (this.failWrites !== null) throw this.failWrites
    }
    return {
      get path() {
        return file.path
      },
      sizeSync: () => file.sizeSync(),
      readSync: (into, position) => file.readSync(into, position),
      read: (into, position) => file.read(into, position),
      writeSync: (pieces, position) => {
        mayWrite()
        file.writeSync(pieces, position)
      },
      write: async (pieces, position) => {
        mayWrite()
        await this.#powered(() => file.write(pieces, position))
        this.#mustHavePower()
      },
      sync: async () => {
        this.#mustHavePower()
        if (this.failSyncs !== null) throw this.failSyncs
        const covered = file.sizeSync()
        await file.sync()
        this.#mustHavePower()
        known.syncedBytes = Math.max(known.syncedBytes, covered)
      },
      truncate: async (size) => {
        // A full disk takes nothing, but gives.
        if (systemErrorCode(this.failWrites) === 'ENOSPC') this.#mustHavePower()
        else mayWrite()
        await this.#powered(() => file.truncate(size))
        known.syncedBytes = Math.min(known.syncedBytes, size)
      },
      rename: (to) =>
        this.#powered(async () => {
          const from = file.path
          await file.rename(to)
          this.#renamed(from, to)
        }),
      close: () => file.close(),
    }
  }
}

/** Leaves of the bytes that were not synced some, none, or some and then zeros: what a file system may do. */
function tear(path: string, syncedBytes: number, random: Random): void {
  const [choice, share] = random.bytes(2)
  const descriptor = openSync(path, 'r+')
  const sizeBytes = fstatSync(descriptor).size
  const kept = syncedBytes + Math.floor(((sizeBytes - syncedBytes) * share!) / 256)
  if (choice! < 128) truncateSync(path, kept)
  else if (sizeBytes > kept) writeSync(descriptor, Buffer.alloc(sizeBytes - kept), 0, sizeBytes - kept, kept)
  closeSync(descriptor)
}
