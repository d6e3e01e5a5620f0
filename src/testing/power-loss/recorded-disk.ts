import { DirectoryNode, type DiskNode, FileNode } from './disk-nodes.ts'
import type { ContentOperation, DiskOperation, EntriesOperation, EntryChange, SyncOperation } from './disk-operation.ts'

/** What a sync would make durable: tells one kind of sync from another. */
export interface SyncFacts {
  readonly path: string
  readonly isDirectory: boolean
  /** Of a file: bytes were written that no sync covers. */
  readonly hasWrites: boolean
  /** Of a file: it was cut, and no sync covers that. */
  readonly hasTruncations: boolean
  /** Of a directory: what was made, renamed or removed in it. */
  readonly entries: readonly EntriesOperation[]
}

/** True: the sync says that it is done and does nothing. For a test of the tests. */
export type SkipsSync = (sync: SyncFacts, isStarting: boolean) => boolean

interface Unsynced {
  writes: number
  truncations: number
  entries: EntriesOperation[]
}

/**
 * A disk in memory that notes each operation: what a process sees, and the history from which `DiskRemains` tells what a
 * loss of power may leave of it. What it began with is taken to be durable.
 */
export class RecordedDisk {
  readonly root: DirectoryNode
  readonly history: DiskOperation[] = []
  /** What each directory held at the beginning. */
  readonly born = new Map<DirectoryNode, ReadonlyMap<string, DiskNode>>()
  readonly #unsynced = new Map<DiskNode, Unsynced>()

  constructor(root = new DirectoryNode()) {
    this.root = root
    this.#note(root)
  }

  #note(directory: DirectoryNode): void {
    this.born.set(directory, new Map(directory.entries))
    for (const node of directory.entries.values()) if (node.kind === 'directory') this.#note(node)
  }

  find(path: string): DiskNode | undefined {
    const names = namesOf(path)
    return this.#walk(names, names.length)
  }

  #walk(names: readonly string[], count: number): DiskNode | undefined {
    let node: DiskNode | undefined = this.root
    for (let index = 0; index < count; index += 1) {
      node = node?.kind === 'directory' ? node.entries.get(names[index]!) : undefined
    }
    return node
  }

  /** The directory that holds, or would hold, this path. */
  parentOf(path: string): { readonly directory: DirectoryNode | undefined; readonly name: string } {
    const names = namesOf(path)
    const directory = this.#walk(names, names.length - 1)
    return { directory: directory?.kind === 'directory' ? directory : undefined, name: names.at(-1) ?? '' }
  }

  make(path: string, directory: DirectoryNode, name: string, kind: 'file' | 'directory', nowMs: number): DiskNode {
    const node = kind === 'file' ? new FileNode(undefined, nowMs) : new DirectoryNode()
    this.#change({ what: kind === 'file' ? 'create' : 'mkdir', changes: [{ directory, name, node }], node, path })
    return node
  }

  remove(path: string, directory: DirectoryNode, name: string): void {
    const node = directory.entries.get(name)
    if (node !== undefined) this.#change({ what: 'remove', changes: [{ directory, name, node: null }], node, path })
  }

  rename(from: { directory: DirectoryNode; name: string }, to: { directory: DirectoryNode; name: string }, path: string): void {
    const node = from.directory.entries.get(from.name)
    if (node === undefined) return
    const changes: EntryChange[] = [
      { ...from, node: null },
      { ...to, node },
    ]
    this.#change({ what: 'rename', changes, node, path })
  }

  /** Begins a change of what is in a file, which others see at once; it is over when `end` was called. */
  begin(operation: ContentOperation, nowMs: number): void {
    const { file } = operation
    if (operation.kind === 'write') file.write(operation.bytes, operation.position)
    else file.truncate(operation.sizeBytes)
    file.modifiedMs = nowMs
    const unsynced = this.#unsyncedOf(file)
    if (operation.kind === 'write') unsynced.writes += 1
    else unsynced.truncations += 1
    this.history.push(operation)
  }

  end(operation: ContentOperation): void {
    operation.endedAt = this.history.length
  }

  syncFacts(node: DiskNode, path: string): SyncFacts {
    const { writes, truncations, entries } = this.#unsyncedOf(node)
    return {
      path,
      isDirectory: node.kind === 'directory',
      hasWrites: writes > 0,
      hasTruncations: truncations > 0,
      entries: [...entries],
    }
  }

  beginSync(node: DiskNode, path: string): SyncOperation {
    this.#unsynced.delete(node)
    return { kind: 'sync', node, path, from: this.history.length }
  }

  endSync(sync: SyncOperation): void {
    this.history.push(sync)
  }

  #change(operation: Omit<EntriesOperation, 'kind'>): void {
    const noted: EntriesOperation = { kind: 'entries', ...operation }
    for (const { directory, name, node } of noted.changes) {
      if (node === null) directory.entries.delete(name)
      else directory.entries.set(name, node)
      this.#unsyncedOf(directory).entries.push(noted)
    }
    this.history.push(noted)
  }

  #unsyncedOf(node: DiskNode): Unsynced {
    let unsynced = this.#unsynced.get(node)
    if (unsynced === undefined) {
      unsynced = { writes: 0, truncations: 0, entries: [] }
      this.#unsynced.set(node, unsynced)
    }
    return unsynced
  }
}

function namesOf(path: string): readonly string[] {
  let names = namesByPath.get(path)
  if (names === undefined) {
    if (namesByPath.size > 10_000) namesByPath.clear()
    names = path.split(/[/\\]/).filter((name) => name !== '')
    namesByPath.set(path, names)
  }
  return names
}

const namesByPath = new Map<string, readonly string[]>()
