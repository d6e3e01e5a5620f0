import { join } from 'node:path'
import type { Files, OpenFile } from '../../environment/files.ts'
import { StorageError } from '../storage.ts'
import { NamedFiles } from './named-files.ts'

export const metadataFile = 'partition.metadata'
const logSuffix = '.log'
const offsetIndexSuffix = '.index'
const timeIndexSuffix = '.timeindex'
const indexSuffixes = [offsetIndexSuffix, timeIndexSuffix] as const
/** Written by the log, which also knows what in it still holds, as a small file; it goes with its segment. */
const transactionIndexSuffix = '.txnindex'
/** Written by the cleaner, not yet in place of what it replaces. */
const cleanedSuffix = '.cleaned'
/** Complete: takes the place of the segments that it covers, even if the process ends in between. */
const swapSuffix = '.swap'
const deletedSuffix = '.deleted'
const temporarySuffix = '.tmp'
const ownSuffixes = [logSuffix, ...indexSuffixes, cleanedSuffix, swapSuffix, deletedSuffix, temporarySuffix]

/** What a listing of the folder says. */
export interface FolderContents {
  /** Of the segments, in order. */
  readonly baseOffsets: readonly bigint[]
  readonly names: ReadonlySet<string>
}

/** The files of one partition, by Kafka's names. */
export class PartitionFolder {
  readonly path: string
  readonly checkpoints: NamedFiles
  readonly #files: Files

  constructor(files: Files, path: string) {
    this.#files = files
    this.path = path
    this.checkpoints = new NamedFiles(files, path, isOwn)
  }

  /** The id that binds the folder to one topic of its name; null if there is none. */
  topicId(): string | null {
    const bytes = this.#files.readSync(join(this.path, metadataFile))
    return bytes === null ? null : (/^topic_id: *([A-Za-z0-9_-]{22})\s*$/m.exec(bytes.toString('utf8'))?.[1] ?? null)
  }

  async bind(topicId: string): Promise<void> {
    await this.#files.makeDirectory(this.path)
    await this.#files.replace(join(this.path, metadataFile), Buffer.from(`version: 0\ntopic_id: ${topicId}`))
  }

  /** Whether there is anything in it that somebody could miss. */
  holdsBytes(): boolean {
    for (const baseOffset of this.segments()) {
      if ((this.#files.factsSync(this.#segmentPath(baseOffset))?.sizeBytes ?? 0) > 0) return true
    }
    return false
  }

  /** The base offsets of the segments, in order. */
  segments(): readonly bigint[] {
    return this.contents().baseOffsets
  }

  contents(): FolderContents {
    const entries = this.#files.listSync(this.path)
    this.checkpoints.listed(entries)
    const names = new Set(entries.map((entry) => entry.name))
    const baseOffsets: bigint[] = []
    for (const name of names) if (segmentName.test(name)) baseOffsets.push(BigInt(name.slice(0, -logSuffix.length)))
    return { baseOffsets: baseOffsets.sort((a, b) => (a < b ? -1 : 1)), names }
  }

  hasIndexes({ names }: FolderContents, baseOffset: bigint): boolean {
    return indexSuffixes.every((suffix) => names.has(fileName(baseOffset, suffix)))
  }

  /** The offset that the newest snapshot of producers is of; null if there is none. */
  newestSnapshot({ names }: FolderContents): bigint | null {
    let newest: bigint | null = null
    for (const name of names) {
      const digits = snapshotName.exec(name)?.[1]
      if (digits !== undefined && (newest === null || BigInt(digits) > newest)) newest = BigInt(digits)
    }
    return newest
  }

  /** Removes indexes that a crash left without their segments, as Kafka does: one that is made again must not find them. */
  async removeOrphans({ names }: FolderContents): Promise<void> {
    for (const name of names) {
      const [, digits, suffix] = indexName.exec(name) ?? []
      if (digits !== undefined && suffix !== undefined && !names.has(digits + logSuffix))
        await this.#files.remove(join(this.path, name))
    }
  }

  segmentPath(baseOffset: bigint): string {
    return this.#segmentPath(baseOffset)
  }

  indexPath(baseOffset: bigint): string {
    return this.#segmentPath(baseOffset, offsetIndexSuffix)
  }

  timeIndexPath(baseOffset: bigint): string {
    return this.#segmentPath(baseOffset, timeIndexSuffix)
  }

  createSegmentSync(baseOffset: bigint): OpenFile {
    const file = this.#files.openSync(this.#segmentPath(baseOffset), { create: true })
    if (file.sizeSync() === 0) return file
    void file.close()
    throw new StorageError('corrupt', `${this.#segmentPath(baseOffset)} holds bytes that do not belong to the log`)
  }

  async removeSegment(baseOffset: bigint): Promise<void> {
    await this.#removeBytes(baseOffset)
    await this.#files.remove(this.#segmentPath(baseOffset, transactionIndexSuffix))
  }

  async removeIndexes(baseOffset: bigint): Promise<void> {
    for (const suffix of indexSuffixes) await this.#files.remove(this.#segmentPath(baseOffset, suffix))
  }

  async #removeBytes(baseOffset: bigint): Promise<void> {
    await this.#files.remove(this.#segmentPath(baseOffset))
    await this.removeIndexes(baseOffset)
  }

  async createReplacement(baseOffset: bigint): Promise<OpenFile> {
    const path = this.#segmentPath(baseOffset) + cleanedSuffix
    await this.#files.remove(path)
    return await this.#files.open(path, { create: true })
  }

  async removeReplacement(baseOffset: bigint): Promise<void> {
    await this.#files.remove(this.#segmentPath(baseOffset) + cleanedSuffix)
  }

  /** From here on a start completes the replacement. Settles when that is durable. */
  async commitReplacement(baseOffset: bigint, replacement: OpenFile): Promise<void> {
    await replacement.rename(this.#segmentPath(baseOffset) + swapSuffix)
    await this.sync()
  }

  async completeReplacement(baseOffset: bigint, replaced: readonly bigint[], replacement: OpenFile): Promise<void> {
    // The log has left the index of what was aborted in all of them at the first: without it aborted records would be seen again.
    for (const each of replaced) await (each === baseOffset ? this.#removeBytes(each) : this.removeSegment(each))
    // A loss of power must not undo a removal and keep the new name: a segment that lies within the one before it would be
    // taken for the end of the log, and an old index for the index of the new segment.
    await this.sync()
    await replacement.rename(this.#segmentPath(baseOffset))
    await this.sync()
  }

  /** Replacements that the end of a process interrupted: the half written are removed; the names of the whole ones are given. */
  async interruptedReplacements(): Promise<readonly bigint[]> {
    const swapped: bigint[] = []
    for (const { name } of this.#files.listSync(this.path)) {
      if ([cleanedSuffix, deletedSuffix, temporarySuffix].some((suffix) => name.endsWith(suffix))) {
        await this.#files.remove(join(this.path, name))
      } else if (name.endsWith(swapSuffix)) {
        const digits = /^(\d{20})\.log\.swap$/.exec(name)?.[1]
        // An index of Kafka's replacement: it makes it again.
        if (digits === undefined) await this.#files.remove(join(this.path, name))
        else swapped.push(BigInt(digits))
      }
    }
    return swapped
  }

  async openReplacement(baseOffset: bigint): Promise<OpenFile> {
    return await this.#files.open(this.#segmentPath(baseOffset) + swapSuffix)
  }

  async sync(): Promise<void> {
    await this.#files.syncDirectory(this.path)
  }

  #segmentPath(baseOffset: bigint, suffix: string = logSuffix): string {
    return join(this.path, fileName(baseOffset, suffix))
  }
}

const isOwn = (name: string): boolean => name === metadataFile || ownSuffixes.some((suffix) => name.endsWith(suffix))
const segmentName = /^\d{20}\.log$/
const snapshotName = /^(\d{20})\.snapshot$/
const indexName = /^(\d{20})(\.index|\.timeindex|\.txnindex)$/

function fileName(baseOffset: bigint, suffix: string): string {
  return baseOffset.toString().padStart(20, '0') + suffix
}

/** What a crash left of changes under way. */
export function isLeftOver(name: string): boolean {
  return [cleanedSuffix, swapSuffix, deletedSuffix, temporarySuffix].some((suffix) => name.endsWith(suffix))
}
