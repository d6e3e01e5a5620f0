/**
 * The one door to the disk: everything in the broker reads and writes through this, so that a test can put a simulated
 * disk, a full one, or a loss of power behind it. `system-files.ts` is the real one.
 *
 * What blocks for long (syncing, removing, cutting) goes through the thread pool. Where the system allows it, an entry
 * in a directory is durable when the promise that made it is settled and `syncDirectory` was called or is named below.
 */
export interface Files {
  /**
   * Opens to read and write. `create`: makes it if it is not there, without making the entry durable; else the first use says
   * that it is missing.
   */
  open(path: string, options?: { readonly create?: boolean }): Promise<OpenFile>
  /** As `open`, at once: for a file that is needed within the turn, a new log segment. */
  openSync(path: string, options?: { readonly create?: boolean }): OpenFile
  /** The whole content; null if there is no such file. */
  read(path: string): Promise<Buffer | null>
  /** Puts a small file in place as a whole: after a crash there is the old content or the new. Durable, entry included. */
  replace(path: string, bytes: Buffer): Promise<void>
  /** As `read`, at once: for small files of which a start needs thousands; the way through the thread pool costs ten times as much. */
  readSync(path: string): Buffer | null
  /** Of a file that need not be opened for it; null if there is no such file. At once: a start asks it of thousands. */
  factsSync(path: string): FileFacts | null
  /** The names in a directory; none if it does not exist. At once, likewise. */
  listSync(path: string): readonly DirectoryEntry[]
  /** Makes a directory and those above it; those that were made are durable. */
  makeDirectory(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file; nothing happens if it is not there. */
  remove(path: string): Promise<void>
  /** Removes a directory with all that is in it. */
  removeTree(path: string): Promise<void>
  space(path: string): { readonly totalBytes: bigint; readonly usableBytes: bigint }
  /** Whether two names in this directory that differ by case alone are the same file. */
  ignoresCase(path: string): Promise<boolean>
  /** An exclusive lock that ends with this process, however it ends; null if another holds it. Throws only if locking fails. */
  tryLock(path: string): Promise<FileLock | null>
}

export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
}

export interface FileFacts {
  readonly sizeBytes: number
  readonly modifiedMs: number
}

export interface FileLock {
  release(): Promise<void>
}

/**
 * An open file. Positions are absolute, there is no cursor. `close` waits for what is under way. It holds a descriptor while
 * it is used, and finds the file again by its path: what renames it is `rename` here, and it is closed before it is removed.
 */
export interface OpenFile {
  /** Where it is now. */
  readonly path: string
  sizeSync(): number
  /** Fills as much of `into` as the file has from `position` on; returns how much. */
  readSync(into: Buffer, position: number): number
  read(into: Buffer, position: number): Promise<number>
  /** Writes all of the pieces, in order. */
  writeSync(pieces: readonly Buffer[], position: number): void
  write(pieces: readonly Buffer[], position: number): Promise<void>
  /** The bytes written before this call, and what is needed to find them again, are on the disk. */
  sync(): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** Gives it another name; it can be used meanwhile. The entry is durable as after `Files.rename`. */
  rename(to: string): Promise<void>
  close(): Promise<void>
}

/** What the system said, ENOENT and the like. Not by instanceof: inside Jest, Node's errors belong to another realm. */
export function systemErrorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}
