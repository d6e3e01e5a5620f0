import type { DirectoryNode, DiskNode, FileNode } from './disk-nodes.ts'

/** Of one directory: this name stands for that node from now on, or for none. */
export interface EntryChange {
  readonly directory: DirectoryNode
  readonly name: string
  readonly node: DiskNode | null
}

export interface WriteOperation {
  readonly kind: 'write'
  readonly file: FileNode
  readonly position: number
  readonly bytes: Buffer
  /** How many operations there were when the call came back; infinite while it runs. A sync that began earlier does not cover it. */
  endedAt: number
}

export interface TruncateOperation {
  readonly kind: 'truncate'
  readonly file: FileNode
  readonly sizeBytes: number
  endedAt: number
}

/** Something was made, renamed or removed: its changes happen together or not at all. */
export interface EntriesOperation {
  readonly kind: 'entries'
  /** What it was, for whoever reads about it. */
  readonly what: 'create' | 'mkdir' | 'rename' | 'remove'
  readonly changes: readonly EntryChange[]
  /** Whose name it was. */
  readonly node: DiskNode
  readonly path: string
}

/** A sync came back: everything of this node that had ended when it began, at operation `from`, is on the disk. */
export interface SyncOperation {
  readonly kind: 'sync'
  readonly node: DiskNode
  readonly path: string
  readonly from: number
}

export type ContentOperation = WriteOperation | TruncateOperation
export type DiskOperation = ContentOperation | EntriesOperation | SyncOperation
