import { constants } from 'node:fs'
import type { FileLock } from '../../environment/files.ts'
import type { DiskSpace, SystemCalls, SystemEntry, SystemPromises } from '../../environment/system-calls.ts'
import type { Dice } from '../simulation/dice.ts'
import type { SimulatedTime } from '../simulation/simulated-time.ts'
import { diskError } from './disk-error.ts'
import type { DiskNode, FileNode } from './disk-nodes.ts'
import type { ContentOperation } from './disk-operation.ts'
import { DiskPromises } from './disk-promises.ts'
import type { RecordedDisk, SyncFacts } from './recorded-disk.ts'

export interface DiskProcessOptions {
  readonly disk: RecordedDisk
  readonly time: SimulatedTime
  /** Without dice every call takes no time. */
  readonly dice: Dice | null
  /** True: the sync says that it is done and does nothing. For a test of the tests. */
  readonly skips?: (sync: SyncFacts) => boolean
  /** A failure instead of the call. */
  readonly fails?: (call: 'write' | 'sync', path: string) => NodeJS.ErrnoException | null
}

type Done<T> = (error: NodeJS.ErrnoException | null, result: T) => void

interface OpenFile {
  readonly file: FileNode
  readonly path: string
}

interface Open {
  readonly node: DiskNode
  readonly path: string
}

const diskBytes = 1n << 30n
const blockBytes = 4096n

/** The calls of one life of a process to a recorded disk. What takes time comes back by an event of the simulation. */
export class DiskProcess implements SystemCalls {
  readonly promises: SystemPromises
  readonly options: DiskProcessOptions
  readonly #open = new Map<number, Open>()
  readonly #locked = new Set<DiskNode>()
  readonly #changing = new Set<ContentOperation>()
  #nextDescriptor = 10
  #isOver = false

  constructor(options: DiskProcessOptions) {
    this.options = options
    this.promises = new DiskPromises(this)
  }

  /** The process is gone: nothing that it asked for happens any more, nor comes back. */
  end(): void {
    this.#isOver = true
    // What it was writing is in the system's memory.
    for (const operation of this.#changing) this.options.disk.end(operation)
    this.#changing.clear()
  }

  /** Runs `effect` in a while, and hands on in a while what came of it. */
  later<T>(effect: () => T, done: Done<T>): void {
    this.#soon(() => {
      let result: T
      try {
        result = effect()
      } catch (error) {
        this.#then(() => done(error as NodeJS.ErrnoException, undefined as T))
        return
      }
      this.#then(() => done(null, result))
    })
  }

  openSync(path: string, flags: number): number {
    return this.#opened(path, flags)
  }

  open(path: string, flags: number, _mode: number, done: Done<number>): void {
    this.later(() => this.#opened(path, flags), done)
  }

  close(descriptor: number, done: (error?: NodeJS.ErrnoException | null) => void): void {
    this.later(() => this.closeSync(descriptor), done)
  }

  closeSync(descriptor: number): void {
    this.#mustBeOpen(descriptor)
    this.#open.delete(descriptor)
  }

  statSync(path: string): { readonly size: number; readonly mtimeMs: number } {
    const node = this.options.disk.find(path)
    if (node === undefined) throw diskError('ENOENT', path)
    return node.kind === 'file' ? { size: node.sizeBytes, mtimeMs: node.modifiedMs } : { size: 0, mtimeMs: 0 }
  }

  readdirSync(path: string): SystemEntry[] {
    const node = this.options.disk.find(path)
    if (node === undefined) throw diskError('ENOENT', path)
    if (node.kind === 'file') throw diskError('ENOTDIR', path)
    return [...node.entries].map(([name, { kind }]) => ({ name, isDirectory: () => kind === 'directory' }))
  }

  fstatSync(descriptor: number): { readonly size: number } {
    return { size: this.#openFile(descriptor).file.sizeBytes }
  }

  read(descriptor: number, into: Buffer, offset: number, length: number, position: number, done: Done<number>): void {
    const { file } = this.#openFile(descriptor)
    this.later(() => file.read(into.subarray(offset, offset + length), position), done)
  }

  readSync(descriptor: number, into: Buffer, offset: number, length: number, position: number): number {
    return this.#openFile(descriptor).file.read(into.subarray(offset, offset + length), position)
  }

  writeSync(descriptor: number, bytes: Buffer, offset: number, length: number, position: number): number {
    return this.writevSync(descriptor, [bytes.subarray(offset, offset + length)], position)
  }

  writevSync(descriptor: number, pieces: Buffer[], position: number): number {
    const write = this.#beginWrite(this.#openFile(descriptor), pieces, position)
    this.#end(write.operation)
    return write.sizeBytes
  }

  writev(descriptor: number, pieces: Buffer[], position: number, done: Done<number>): void {
    const open = this.#openFile(descriptor)
    this.#soon(() => {
      let write: { readonly operation: ContentOperation; readonly sizeBytes: number }
      try {
        write = this.#beginWrite(open, pieces, position)
      } catch (error) {
        this.#then(() => done(error as NodeJS.ErrnoException, 0))
        return
      }
      this.#then(() => {
        this.#end(write.operation)
        done(null, write.sizeBytes)
      })
    })
  }

  fdatasync(descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void {
    const { node, path } = this.#mustBeOpen(descriptor)
    this.#sync(node, path, done)
  }

  /** As `fdatasync`: of what is simulated there is nothing that the one covers and the other leaves out. */
  fsync(descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void {
    this.fdatasync(descriptor, done)
  }

  fdatasyncSync(descriptor: number): void {
    const { file, path } = this.#openFile(descriptor)
    const failure = this.#failure('sync', path)
    if (failure !== null) throw failure
    this.#syncAround(file, path)()
  }

  /** Covers what has ended when it begins, and counts when it comes back. */
  #sync(node: DiskNode, path: string, done: (error: NodeJS.ErrnoException | null) => void): void {
    this.#soon(() => {
      const failure = this.#failure('sync', path)
      const end = failure === null ? this.#syncAround(node, path) : () => {}
      this.#then(() => {
        end()
        done(failure)
      }, syncTurnsMax)
    })
  }

  ftruncate(descriptor: number, sizeBytes: number, done: (error: NodeJS.ErrnoException | null) => void): void {
    const { file, path } = this.#openFile(descriptor)
    this.#soon(() => {
      const failure = sizeBytes > file.sizeBytes ? this.#failure('write', path) : null
      const operation: ContentOperation = { kind: 'truncate', file, sizeBytes, endedAt: Number.POSITIVE_INFINITY }
      if (failure === null) this.#begin(operation)
      this.#then(() => {
        if (failure === null) this.#end(operation)
        done(failure)
      })
    })
  }

  statfsSync(): DiskSpace {
    return { blocks: diskBytes / blockBytes, bsize: blockBytes, bavail: diskBytes / blockBytes / 2n }
  }

  async tryLock(path: string): Promise<FileLock | null> {
    const node = this.options.disk.find(path)
    if (node === undefined) this.#opened(path, constants.O_CREAT)
    const locked = this.options.disk.find(path)!
    if (this.#locked.has(locked)) return null
    this.#locked.add(locked)
    return { release: async () => void this.#locked.delete(locked) }
  }

  #opened(path: string, flags: number): number {
    const { disk, time } = this.options
    const create = (flags & constants.O_CREAT) !== 0
    let node = disk.find(path)
    if (node !== undefined && (flags & constants.O_EXCL) !== 0) throw diskError('EEXIST', path)
    if (node === undefined) {
      const { directory, name } = disk.parentOf(path)
      if (!create || directory === undefined) throw diskError('ENOENT', path)
      node = disk.make(path, directory, name, 'file', time.nowMs)
    }
    if (node.kind === 'directory' && create) throw diskError('EISDIR', path)
    const descriptor = this.#nextDescriptor++
    this.#open.set(descriptor, { node, path })
    return descriptor
  }

  #mustBeOpen(descriptor: number): Open {
    if (this.#isOver) throw diskError('EIO', 'a process that is gone')
    const open = this.#open.get(descriptor)
    if (open === undefined) throw diskError('EBADF', String(descriptor))
    return open
  }

  #openFile(descriptor: number): OpenFile {
    const { node, path } = this.#mustBeOpen(descriptor)
    if (node.kind === 'directory') throw diskError('EISDIR', path)
    return { file: node, path }
  }

  #failure(call: 'write' | 'sync', path: string): NodeJS.ErrnoException | null {
    return this.options.fails?.(call, path) ?? null
  }

  #beginWrite({ file, path }: OpenFile, pieces: readonly Buffer[], position: number) {
    const failure = this.#failure('write', path)
    const whole = Buffer.concat(pieces)
    // A full disk takes a part.
    const bytes = failure === null ? whole : whole.subarray(0, this.options.dice?.roll(whole.length) ?? 0)
    const operation: ContentOperation = { kind: 'write', file, position, bytes, endedAt: Number.POSITIVE_INFINITY }
    this.#begin(operation)
    if (failure !== null) {
      this.#end(operation)
      throw failure
    }
    return { operation, sizeBytes: bytes.length }
  }

  #begin(operation: ContentOperation): void {
    this.#changing.add(operation)
    this.options.disk.begin(operation, this.options.time.nowMs)
  }

  #end(operation: ContentOperation): void {
    if (this.#changing.delete(operation)) this.options.disk.end(operation)
  }

  /** Begins a sync; what it gives ends it. */
  #syncAround(node: DiskNode, path: string): () => void {
    const { disk, skips } = this.options
    if (skips?.(disk.syncFacts(node, path)) === true) return () => {}
    const sync = disk.beginSync(node, path)
    return () => disk.endSync(sync)
  }

  /** What follows an effect. On a disk that takes no time nothing comes between the two. */
  #then(run: () => void, turnsMax = callTurnsMax): void {
    if (this.options.dice === null) run()
    else this.#soon(run, turnsMax)
  }

  #soon(run: () => void, turnsMax = callTurnsMax): void {
    const { time, dice } = this.options
    time.after(dice === null ? 0 : dice.roll(turnsMax), () => {
      if (!this.#isOver) run()
    })
  }
}

/** Milliseconds, the least that the simulation tells apart: a call mostly comes back among others of its time. */
const callTurnsMax = 2
const syncTurnsMax = 4
