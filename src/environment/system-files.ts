import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { Descriptors } from './descriptors.ts'
import { type DirectoryEntry, type FileFacts, type FileLock, type Files, type OpenFile, systemErrorCode } from './files.ts'
import { openFilesMax } from './machine.ts'
import { openLater, type SystemCalls, settled, systemCalls } from './system-calls.ts'
import { SystemOpenFile } from './system-open-file.ts'

/** A file that was being replaced when the process ended; nobody needs it. */
export const replacementSuffix = '.tmp'

const newFileFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** The disk of this machine. */
export class SystemFiles implements Files {
  readonly #calls: SystemCalls
  readonly #descriptors: Descriptors

  /** By default it shares the descriptors that files may have with the others of this process. */
  constructor(calls: SystemCalls = systemCalls, descriptorsMax?: number) {
    const shares = calls === systemCalls && descriptorsMax === undefined
    this.#calls = calls
    this.#descriptors = shares ? ofThisProcess() : new Descriptors(descriptorsMax ?? openFilesMax(), calls)
  }

  async open(path: string, options: { readonly create?: boolean } = {}): Promise<OpenFile> {
    const file = new SystemOpenFile(path, this.#descriptors)
    if (options.create === true) await file.create()
    return file
  }

  openSync(path: string, options: { readonly create?: boolean } = {}): OpenFile {
    const file = new SystemOpenFile(path, this.#descriptors)
    if (options.create === true) file.createSync()
    return file
  }

  async read(path: string): Promise<Buffer | null> {
    return await unlessMissing(
      this.#descriptors.withOne(() => this.#calls.promises.readFile(path)),
      null,
    )
  }

  readSync(path: string): Buffer | null {
    const descriptor = this.#openedSync(path)
    if (descriptor === null) return null
    try {
      const bytes = Buffer.allocUnsafeSlow(this.#calls.fstatSync(descriptor).size)
      let filled = 0
      while (filled < bytes.length) {
        const count = this.#calls.readSync(descriptor, bytes, filled, bytes.length - filled, filled)
        if (count === 0) break
        filled += count
      }
      return bytes.subarray(0, filled)
    } finally {
      this.#calls.closeSync(descriptor)
    }
  }

  #openedSync(path: string): number | null {
    try {
      return this.#descriptors.withOneSync(() => this.#calls.openSync(path, constants.O_RDONLY, 0))
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return null
      throw error
    }
  }

  factsSync(path: string): FileFacts | null {
    try {
      const { size, mtimeMs } = this.#calls.statSync(path)
      return { sizeBytes: size, modifiedMs: Math.floor(mtimeMs) }
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return null
      throw error
    }
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    const temporary = path + replacementSuffix
    const descriptor = await this.#madeAnew(temporary)
    try {
      for (let at = 0; at < bytes.length; ) at += this.#calls.writeSync(descriptor, bytes, at, bytes.length - at, at)
      await settled<void>((done) => this.#calls.fdatasync(descriptor, done))
    } finally {
      this.#calls.closeSync(descriptor)
    }
    await this.#calls.promises.rename(temporary, path)
    await this.syncDirectory(dirname(path))
  }

  async #madeAnew(path: string): Promise<number> {
    const make = (): Promise<number> => this.#descriptors.withOne(() => openLater(this.#calls, path, newFileFlags))
    try {
      return await make()
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error
      // A crash left it.
      await this.remove(path)
      return await make()
    }
  }

  listSync(path: string): readonly DirectoryEntry[] {
    try {
      const entries = this.#descriptors.withOneSync(() => this.#calls.readdirSync(path, { withFileTypes: true }))
      return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw error
    }
  }

  /** Step by step: where a directory cannot hold any (/proc), Node's own recursive way never comes back. */
  async makeDirectory(path: string): Promise<void> {
    const made = await this.#makeOneDirectory(path)
    if (made === 'parent is missing') {
      await this.makeDirectory(dirname(path))
      await this.#calls.promises.mkdir(path)
    }
    if (made !== 'was there') await this.syncDirectory(dirname(path))
  }

  async #makeOneDirectory(path: string): Promise<'made' | 'was there' | 'parent is missing'> {
    try {
      await this.#calls.promises.mkdir(path)
      return 'made'
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOENT' && dirname(path) !== path) return 'parent is missing'
      // Some systems say EPERM or EISDIR of what is there already.
      if ((await unlessMissing(this.#calls.promises.stat(path), null))?.isDirectory() === true) return 'was there'
      throw error
    }
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows keeps directories in its journal by itself, and opens none for syncing.
    if (process.platform === 'win32') return
    const directory = this.#descriptors.withOneSync(() => this.#calls.openSync(path, constants.O_RDONLY, 0))
    const error = await new Promise<unknown>((resolve) => this.#calls.fsync(directory, resolve))
    this.#calls.closeSync(directory)
    // Some file systems (network, FUSE) cannot; they decide themselves when an entry is durable.
    if (error !== null && !['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'].includes(systemErrorCode(error) ?? '')) throw error
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#calls.promises.rename(from, to)
  }

  async remove(path: string): Promise<void> {
    await unlessMissing(this.#calls.promises.unlink(path), undefined)
  }

  async removeTree(path: string): Promise<void> {
    await this.#calls.promises.rm(path, { recursive: true, force: true, maxRetries: 3 })
  }

  space(path: string): { readonly totalBytes: bigint; readonly usableBytes: bigint } {
    const facts = this.#calls.statfsSync(path, { bigint: true })
    return { totalBytes: facts.blocks * facts.bsize, usableBytes: facts.bavail * facts.bsize }
  }

  async ignoresCase(path: string): Promise<boolean> {
    const name = `.case-probe-${process.pid}`
    const probe = join(path, name)
    await this.#calls.promises.writeFile(probe, '')
    try {
      return await unlessMissing(
        this.#calls.promises.stat(join(path, name.toUpperCase())).then(() => true),
        false,
      )
    } finally {
      await this.remove(probe)
    }
  }

  async tryLock(path: string): Promise<FileLock | null> {
    return await this.#calls.tryLock(path)
  }
}

let descriptorsOfThisProcess: Descriptors | null = null

function ofThisProcess(): Descriptors {
  descriptorsOfThisProcess ??= new Descriptors(openFilesMax(), systemCalls)
  return descriptorsOfThisProcess
}

async function unlessMissing<T, M>(result: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await result
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return missing
    throw error
  }
}
