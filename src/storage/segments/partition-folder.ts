import { join } from 'node:path'
import type { Files, OpenFile } from '../../environment/files.ts'
import { StorageError } from '../storage.ts'
import { NamedFiles } from './named-files.ts'

export const metadataFile = 'partition.metadata'
const logSuffix = '.log'
/** Kafka's indexes of a segment. Those of a segment that changes would be wrong: Kafka makes them again. */
const indexSuffixes = ['.index', '.timeindex'] as const
/** Written by the log when it is closed, as a small file; it ends with its segment, and where that changes. */
const transactionIndexSuffix = '.txnindex'
/** Written by the cleaner, not yet in place of what it replaces. */
const cleanedSuffix = '.cleaned'
/** Complete: takes the place of the segments that it covers, even if the process ends in between. */
const swapSuffix = '.swap'
const deletedSuffix = '.deleted'
const temporarySuffix = '.tmp'
const ownSuffixes = [logSuffix, ...indexSuffixes, cleanedSuffix, swapSuffix, deletedSuffix, temporarySuffix]

/** The files of one partition, by Kafka's names. */
export class PartitionFolder {
  readonly path: string
  readonly checkpoints: NamedFiles
  readonly #files: Files

  constructor(files: Files, path: string) {
    this.#files = files
    this.path = path
    this.checkpoints = new NamedFiles(
      files,
      path,
      (name) => name === metadataFile || ownSuffixes.some((suffix) => name.endsWith(suffix)),
    )
  }

  /** The id that binds the folder to one topic of its name; null if there is none. */
  async topicId(): Promise<string | null> {
    const bytes = await this.#files.read(join(this.path, metadataFile))
    return bytes === null ? null : (/^topic_id: *([A-Za-z0-9_-]{22})\s*$/m.exec(bytes.toString('utf8'))?.[1] ?? null)
  }

  async bind(topicId: string): Promise<void> {
    await this.#files.makeDirectory(this.path)
    await this.#files.replace(join(this.path, metadataFile), Buffer.from(`version: 0\ntopic_id: ${topicId}`))
  }

  /** Whether there is anything in it that somebody could miss. */
  async holdsBytes(): Promise<boolean> {
    for (const baseOffset of await this.segments()) {
      const file = await this.#files.open(this.#segmentPath(baseOffset))
      const sizeBytes = file.sizeSync()
      await file.close()
      if (sizeBytes > 0) return true
    }
    return false
  }

  /** The base offsets of the segments, in order. */
  async segments(): Promise<readonly bigint[]> {
    const entries = await this.#files.list(this.path)
    const found = entries.map((entry) => /^(\d{20})\.log$/.exec(entry.name)?.[1]).filter((digits) => digits !== undefined)
    return found.map((digits) => BigInt(digits)).sort((a, b) => (a < b ? -1 : 1))
  }

  async openSegment(baseOffset: bigint): Promise<OpenFile> {
    return await this.#files.open(this.#segmentPath(baseOffset))
  }

  createSegmentSync(baseOffset: bigint): OpenFile {
    const file = this.#files.openSync(this.#segmentPath(baseOffset), { create: true })
    if (file.sizeSync() === 0) return file
    void file.close()
    throw new StorageError('corrupt', `${this.#segmentPath(baseOffset)} holds bytes that do not belong to the log`)
  }

  async removeSegment(baseOffset: bigint): Promise<void> {
    await this.#files.remove(this.#segmentPath(baseOffset))
    await this.removeIndexes(baseOffset)
  }

  async removeIndexes(baseOffset: bigint): Promise<void> {
    for (const suffix of [...indexSuffixes, transactionIndexSuffix])
      await this.#files.remove(this.#segmentPath(baseOffset, suffix))
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
    for (const each of replaced) await this.removeSegment(each)
    await replacement.rename(this.#segmentPath(baseOffset))
    await this.sync()
  }

  /** Replacements that the end of a process interrupted: the half written are removed; the names of the whole ones are given. */
  async interruptedReplacements(): Promise<readonly bigint[]> {
    const swapped: bigint[] = []
    for (const { name } of await this.#files.list(this.path)) {
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
    return join(this.path, baseOffset.toString().padStart(20, '0') + suffix)
  }
}
