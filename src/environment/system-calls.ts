import * as fs from 'node:fs'
import { tryLockFile } from './directory-lock.ts'
import type { FileLock } from './files.ts'

type Done<T> = (error: NodeJS.ErrnoException | null, result: T) => void

/**
 * What the system is asked to do with files: those of Node's functions that stand behind the door, so that a test can
 * put another disk in their place and see each of them on its own. A sequence of calls (a file that is replaced) is
 * the door's own, and is tried on such a disk as it is.
 */
export interface SystemCalls {
  openSync(path: string, flags: number, mode: number): number
  open(path: string, flags: number, mode: number, done: Done<number>): void
  close(descriptor: number, done: (error?: NodeJS.ErrnoException | null) => void): void
  closeSync(descriptor: number): void
  statSync(path: string): { readonly size: number; readonly mtimeMs: number }
  fstatSync(descriptor: number): { readonly size: number }
  read(descriptor: number, into: Buffer, offset: number, length: number, position: number, done: Done<number>): void
  readSync(descriptor: number, into: Buffer, offset: number, length: number, position: number): number
  writeSync(descriptor: number, bytes: Buffer, offset: number, length: number, position: number): number
  writev(descriptor: number, pieces: Buffer[], position: number, done: Done<number>): void
  writevSync(descriptor: number, pieces: Buffer[], position: number): number
  fdatasync(descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void
  fdatasyncSync(descriptor: number): void
  fsync(descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void
  ftruncate(descriptor: number, sizeBytes: number, done: (error: NodeJS.ErrnoException | null) => void): void
  readdirSync(path: string, options: { readonly withFileTypes: true }): SystemEntry[]
  statfsSync(path: string, options: { readonly bigint: true }): DiskSpace
  tryLock(path: string): Promise<FileLock | null>
  readonly promises: SystemPromises
}

export interface SystemPromises {
  readFile(path: string): Promise<Buffer>
  writeFile(path: string, bytes: string): Promise<void>
  mkdir(path: string): Promise<unknown>
  stat(path: string): Promise<SystemStat>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  rm(path: string, options: { readonly recursive: true; readonly force: true; readonly maxRetries: number }): Promise<void>
}

export interface SystemEntry {
  readonly name: string
  isDirectory(): boolean
}

export interface SystemStat {
  readonly size: number
  readonly mtimeMs: number
  isDirectory(): boolean
}

export interface DiskSpace {
  readonly blocks: bigint
  readonly bsize: bigint
  readonly bavail: bigint
}

/** Of this machine. */
export const systemCalls: SystemCalls = { ...fs, promises: fs.promises, tryLock: tryLockFile }

/** A call in its form with a callback, as a promise. */
export function settled<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)))
  })
}

/** The mode is that of all files that are made here. */
export function openLater(calls: SystemCalls, path: string, flags: number): Promise<number> {
  return settled((done) => calls.open(path, flags, 0o644, done))
}
