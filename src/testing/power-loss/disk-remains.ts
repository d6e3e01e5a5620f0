import type { Dice } from '../simulation/dice.ts'
import { contentRemains } from './content-remains.ts'
import { DirectoryNode, type DiskNode, FileNode } from './disk-nodes.ts'
import type { ContentOperation, EntriesOperation } from './disk-operation.ts'
import type { RecordedDisk } from './recorded-disk.ts'

interface FileState {
  /** Drawn disks share its bytes: they are valid until the walk goes on. */
  readonly durable: FileNode
  /** In the order in which they began. */
  pending: ContentOperation[]
}

/**
 * What a loss of power leaves of a recorded disk. It follows the history up to a cut, so that many cuts in rising order cost
 * one walk; each disk that it gives is drawn from what was durable there and any part of the rest.
 */
export class DiskRemains {
  readonly #disk: RecordedDisk
  readonly #files = new Map<FileNode, FileState>()
  readonly #directories = new Map<DirectoryNode, Map<string, DiskNode>>()
  /** Not durable, in order, with their place in the history. */
  readonly #pendingEntries = new Map<EntriesOperation, number>()
  #reached = 0

  constructor(disk: RecordedDisk) {
    this.#disk = disk
  }

  /** The power goes when so many operations have been begun. */
  advanceTo(cut: number): void {
    const { history } = this.#disk
    for (; this.#reached < cut; this.#reached += 1) {
      const operation = history[this.#reached]!
      if (operation.kind === 'entries') this.#pendingEntries.set(operation, this.#reached)
      else if (operation.kind !== 'sync') this.#stateOf(operation.file).pending.push(operation)
      else if (operation.node.kind === 'file') this.#syncFile(operation.node, operation.from)
      else this.#syncDirectory(operation.node, operation.from)
    }
  }

  #syncFile(file: FileNode, from: number): void {
    const state = this.#stateOf(file)
    const covered = state.pending.filter(({ endedAt }) => endedAt <= from)
    if (covered.length === 0) return
    for (const operation of covered) {
      if (operation.kind === 'write') state.durable.write(operation.bytes, operation.position)
      else state.durable.truncate(operation.sizeBytes)
    }
    state.pending = state.pending.filter((operation) => !covered.includes(operation))
  }

  #syncDirectory(directory: DirectoryNode, from: number): void {
    for (const [operation, at] of this.#pendingEntries) {
      if (at >= from || !operation.changes.some((change) => change.directory === directory)) continue
      this.#pendingEntries.delete(operation)
      for (const { directory: of, name, node } of operation.changes) put(this.#entriesOf(of), name, node)
    }
  }

  /** A disk that the loss may have left; the same dice leave the same. */
  draw(dice: Dice): DirectoryNode {
    const changed = this.#drawEntries(dice)
    const drawn = new Map<DiskNode, DiskNode>()
    const copy = (node: DiskNode): DiskNode => {
      let made = drawn.get(node)
      if (made !== undefined) return made
      if (node.kind === 'file') {
        const { durable, pending } = this.#stateOf(node)
        made = new FileNode(contentRemains(durable.view(), pending, dice), node.modifiedMs)
        drawn.set(node, made)
        return made
      }
      made = new DirectoryNode()
      drawn.set(node, made)
      for (const [name, inner] of changed.get(node) ?? this.#entriesOf(node)) made.entries.set(name, copy(inner))
      return made
    }
    return copy(this.#disk.root) as DirectoryNode
  }

  /**
   * Any part of what was made, renamed and removed since the directories were synced. What happened to one node happened in order:
   * a name that it never got cannot be given on.
   */
  #drawEntries(dice: Dice): ReadonlyMap<DirectoryNode, ReadonlyMap<string, DiskNode>> {
    const changed = new Map<DirectoryNode, Map<string, DiskNode>>()
    const kept = dice.pick([0, 0.3, 0.5, 0.8, 0.95, 1])
    const stopped = new Set<DiskNode>()
    for (const operation of this.#pendingEntries.keys()) {
      if (stopped.has(operation.node) || !dice.chance(kept)) {
        stopped.add(operation.node)
        continue
      }
      for (const { directory, name, node } of operation.changes) {
        let entries = changed.get(directory)
        if (entries === undefined) {
          entries = new Map(this.#entriesOf(directory))
          changed.set(directory, entries)
        }
        put(entries, name, node)
      }
    }
    return changed
  }

  #stateOf(file: FileNode): FileState {
    let state = this.#files.get(file)
    if (state === undefined) {
      state = { durable: new FileNode(file.born), pending: [] }
      this.#files.set(file, state)
    }
    return state
  }

  #entriesOf(directory: DirectoryNode): Map<string, DiskNode> {
    let entries = this.#directories.get(directory)
    if (entries === undefined) {
      entries = new Map(this.#disk.born.get(directory))
      this.#directories.set(directory, entries)
    }
    return entries
  }
}

function put(entries: Map<string, DiskNode>, name: string, node: DiskNode | null): void {
  if (node === null) entries.delete(name)
  else entries.set(name, node)
}
