import { join } from 'node:path'
import { lockHolder } from '../../environment/directory-lock.ts'
import type { Random } from '../../environment/environment.ts'
import type { FileLock } from '../../environment/files.ts'
import {
  type FoundPartition,
  type OpenOptions,
  type PartitionId,
  type PartitionStorage,
  type StorageDirectory,
  StorageError,
} from '../storage.ts'
import { deletedFolderName, folderName, isDeletedFolderName, parseFolderName, strayFolderName } from './folder-name.ts'
import { GroupCommit } from './group-commit.ts'
import { Journal, journalFile } from './journal.ts'
import { removeJournal, replayJournal } from './journal-replay.ts'
import { NamedFiles } from './named-files.ts'
import { type CheckpointIntervals, OffsetCheckpoints } from './offset-checkpoints.ts'
import { PartitionFolder } from './partition-folder.ts'
import type { SegmentContext } from './segment-context.ts'
import { SegmentPartition } from './segment-partition.ts'
import { storageFailure } from './storage-failure.ts'
import type { SyncSlots } from './sync-slots.ts'

/** Kafka's own file: it vouches that all logs of the directory were closed and synced. */
const cleanShutdownFile = '.kafka_cleanshutdown'
const lockFile = '.lock'
const ownFiles = [cleanShutdownFile, lockFile, journalFile]

/** What the directories share. */
export type DirectoryContext = Omit<SegmentContext, 'directory' | 'checkpoints' | 'groupCommit' | 'journal'> & {
  readonly syncSlots: SyncSlots
  readonly journalHalfBytes: number
}

/** One directory of Kafka's own layout: its lock, the proof of its clean stop, and the partitions in it. */
export class SegmentDirectory implements StorageDirectory {
  readonly path: string
  readonly files: NamedFiles
  readonly #random: Random
  readonly #context: SegmentContext
  readonly #journalHalfBytes: number
  readonly #partitions = new Map<string, { readonly topicId: string; readonly log: SegmentPartition }>()
  readonly #opening = new Set<string>()
  /** Topic ids by folder, as they were found at the start and until the partition is opened. */
  readonly #foundTopicIds = new Map<string, string>()
  /** Folders that were closed in this run, so that opening them again needs no recovery. */
  readonly #closedHere = new Set<string>()
  readonly #removals = new Set<Promise<void>>()
  #lock: FileLock | null = null
  #foundCleanShutdown: Buffer | null = null
  #failure: StorageError | null = null

  constructor(path: string, context: DirectoryContext, random: Random, intervals: CheckpointIntervals) {
    this.path = path
    this.files = new NamedFiles(context.files, path, (name) => ownFiles.includes(name) || name.endsWith('.tmp'))
    const checkpoints = new OffsetCheckpoints({ ...context, files: this.files, intervals })
    this.#journalHalfBytes = context.journalHalfBytes
    const journal =
      context.durability === 'fsync' ? new Journal({ ...context, directory: path, halfBytes: this.#journalHalfBytes }) : null
    const groupCommit = new GroupCommit(context.time, context.syncSlots, journal)
    this.#context = { ...context, directory: this, checkpoints, journal, groupCommit }
    this.#random = random
  }

  get failure(): StorageError | null {
    return this.#failure
  }

  /** The bytes that vouched for it when it was opened; null if its last stop was not clean. */
  get foundCleanShutdown(): Buffer | null {
    return this.#foundCleanShutdown
  }

  space(): { readonly totalBytes: bigint; readonly usableBytes: bigint } {
    return this.#context.files.space(this.path)
  }

  fail(error: StorageError): void {
    this.#failure = error
    this.#context.logger.error(
      { err: error, directory: this.path },
      `The data directory ${this.path} cannot be used: requests for its partitions are answered KAFKA_STORAGE_ERROR. ` +
        'Make it usable and start again.',
    )
  }

  /** Takes possession of it, and finds the partitions in it. */
  async open(): Promise<readonly FoundPartition[]> {
    try {
      await this.#takeLock()
    } catch (error) {
      throw storageFailure(error, `The data directory ${this.path} cannot be used`)
    }
    try {
      this.#foundCleanShutdown = await this.#takeCleanShutdown()
      await this.#context.checkpoints.load()
      const partitions = this.#findPartitions()
      if (this.#foundCleanShutdown === null) await replayJournal(this.#context, this.path, partitions, this.#journalHalfBytes)
      return partitions
    } catch (error) {
      await this.#releaseLock()
      throw storageFailure(error, `The data directory ${this.path} cannot be read`)
    }
  }

  async openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage> {
    const name = folderName(id.topic, id.partition)
    if (this.#opening.has(name) || (this.#partitions.has(name) && !this.#closedHere.has(name)))
      throw new Error(`${name} is open already`)
    this.#opening.add(name)
    try {
      const folder = await this.#boundFolder(name, id)
      const clean = this.#foundCleanShutdown !== null || this.#closedHere.has(name)
      const partition = await SegmentPartition.open(this.#context, folder, id, options, clean)
      this.#closedHere.delete(name)
      this.#partitions.set(name, { topicId: id.topicId, log: partition })
      return this.#watchingClose(name, partition)
    } catch (error) {
      throw storageFailure(error, `The log of ${name} cannot be opened`)
    } finally {
      this.#opening.delete(name)
    }
  }

  async deletePartition(id: PartitionId): Promise<void> {
    const name = folderName(id.topic, id.partition)
    const path = join(this.path, name)
    const open = this.#partitions.get(name)
    // A topic of the same name may have been made meanwhile.
    if (open !== undefined && open.topicId !== id.topicId) return
    await open?.log.abandon()
    this.#partitions.delete(name)
    this.#closedHere.delete(name)
    this.#foundTopicIds.delete(name)
    try {
      if (this.#folder(name).topicId() !== id.topicId) return
      this.#context.checkpoints.remove(id.topic, id.partition)
      const deleted = join(this.path, deletedFolderName(id.topic, id.partition, this.#random.uuid()))
      await this.#context.files.rename(path, deleted)
      await this.#context.files.syncDirectory(this.path)
      this.#removeLater(deleted)
      await open?.log.retractFromJournal()
    } catch (error) {
      throw storageFailure(error, `The log of ${name} cannot be deleted`)
    }
  }

  async ignoresCase(): Promise<boolean> {
    return await this.#context.files.ignoresCase(this.path)
  }

  /** Closes its partitions, and lets go of it. One that failed is left as it was found: its logs were not recovered. */
  async close(cleanShutdown: Buffer | null | 'as found'): Promise<void> {
    if (this.#lock === null) return
    const isLeft = cleanShutdown === 'as found' || this.#failure !== null
    const proof = isLeft ? this.#foundCleanShutdown : cleanShutdown
    const closed = await Promise.allSettled([...this.#partitions.values()].map(({ log }) => log.close()))
    const failed = closed.filter((each) => each.status === 'rejected')
    this.#partitions.clear()
    this.#closedHere.clear()
    try {
      await Promise.all(this.#removals)
      const isWhole = (await this.#context.journal?.close()) !== false
      await (isLeft || proof === null ? this.#context.checkpoints.abandon() : this.#context.checkpoints.finish())
      if (failed.length > 0) this.#sayNotClean(failed.length, failed[0]!.reason)
      else if (proof !== null && isWhole) await this.#context.files.replace(join(this.path, cleanShutdownFile), proof)
    } catch (error) {
      throw storageFailure(error, `The data directory ${this.path} cannot be closed`)
    } finally {
      await this.#releaseLock()
    }
  }

  async #takeLock(): Promise<void> {
    await this.#context.files.makeDirectory(this.path)
    const path = join(this.path, lockFile)
    this.#lock = await this.#context.files.tryLock(path)
    if (this.#lock !== null) return
    throw new StorageError('held', `The data directory ${this.path} is in use by ${await lockHolder(path)}.`)
  }

  async #releaseLock(): Promise<void> {
    await this.#lock?.release()
    this.#lock = null
  }

  /** It goes before anything changes: a crash after this must not be taken for a clean stop, neither by us nor by Kafka. */
  async #takeCleanShutdown(): Promise<Buffer | null> {
    const path = join(this.path, cleanShutdownFile)
    const bytes = await this.#context.files.read(path)
    if (bytes === null) return null
    // While the proof is there: without it the next start would take a journal for ours.
    await removeJournal(this.#context, this.path)
    await this.#context.files.remove(path)
    await this.#context.files.syncDirectory(this.path)
    return bytes
  }

  #findPartitions(): readonly FoundPartition[] {
    const folders = this.#context.files.listSync(this.path).filter((entry) => entry.isDirectory)
    const found: FoundPartition[] = []
    for (const { name } of folders) {
      if (isDeletedFolderName(name)) this.#removeLater(join(this.path, name))
      const named = parseFolderName(name)
      if (named === null) continue
      const topicId = this.#folder(name).topicId()
      if (topicId !== null) {
        this.#foundTopicIds.set(name, topicId)
        found.push({ topicId, ...named, directory: this })
      } else {
        this.#context.logger.warn(
          { folder: name },
          `The folder ${name} names no topic id in partition.metadata; it is left alone.`,
        )
      }
    }
    return found
  }

  /** The folder of the partition; one that belongs to another topic of the name is put aside, as Kafka does. */
  async #boundFolder(name: string, id: PartitionId): Promise<PartitionFolder> {
    const folder = this.#folder(name)
    const topicId = this.#foundTopicIds.get(name) ?? folder.topicId()
    this.#foundTopicIds.delete(name)
    if (topicId === id.topicId) return folder
    if (topicId !== null || folder.holdsBytes()) {
      const stray = strayFolderName(id.topic, id.partition, this.#random.uuid())
      this.#context.logger.warn(
        { folder: name, topicId, stray },
        `The folder ${name} belongs to another topic; it is kept as ${stray}.`,
      )
      await this.#context.files.rename(folder.path, join(this.path, stray))
    }
    // What is known of the name was true of another log, and a crash may have kept it from being forgotten.
    await this.#context.checkpoints.forget(id.topic, id.partition)
    await folder.bind(id.topicId)
    return folder
  }

  #folder(name: string): PartitionFolder {
    return new PartitionFolder(this.#context.files, join(this.path, name))
  }

  #watchingClose(name: string, partition: SegmentPartition): SegmentPartition {
    partition.onClosed(() => {
      if (this.#partitions.get(name)?.log === partition) this.#closedHere.add(name)
    })
    return partition
  }

  /** Removing a large log takes long: nobody waits for it but a stop. */
  #removeLater(path: string): void {
    const removal = this.#context.files.removeTree(path).catch((error) => {
      this.#context.logger.warn(
        { err: error, folder: path },
        `The deleted log ${path} could not be removed; the next start tries again.`,
      )
    })
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }

  #sayNotClean(count: number, reason: unknown): void {
    this.#context.logger.error(
      { err: reason, logs: count },
      `${count} of the logs in ${this.path} could not be written to their end; the next start recovers them.`,
    )
  }
}
