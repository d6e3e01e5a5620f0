import { join } from 'node:path'
import type { Buffers } from '../../environment/buffers.ts'
import { ByteLimit } from '../../environment/byte-limit.ts'
import { lockHolder } from '../../environment/directory-lock.ts'
import type { Clock, Random } from '../../environment/environment.ts'
import type { FileLock, Files } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import {
  type Durability,
  type NamedBytes,
  type OpenOptions,
  type PartitionId,
  type PartitionStorage,
  type Storage,
  type StorageDirectory,
  StorageError,
} from '../storage.ts'
import { deletedFolderName, folderName, isDeletedFolderName, parseFolderName, strayFolderName } from './folder-name.ts'
import { GroupCommit } from './group-commit.ts'
import { NamedFiles } from './named-files.ts'
import { PartitionFolder } from './partition-folder.ts'
import type { SegmentContext } from './segment-context.ts'
import { SegmentPartition } from './segment-partition.ts'
import { storageFailure } from './storage-failure.ts'

export interface SegmentStorageOptions {
  readonly directory: string
  readonly files: Files
  readonly buffers: Buffers
  readonly time: Clock
  readonly random: Random
  readonly logger: Logger
  readonly durability: Durability
  /** How many threads do the file operations; one is left to others than syncs. */
  readonly threads: number
  /** Bytes that were appended and not written yet, over all partitions. Default 64 MiB. */
  readonly unwrittenBytesMax?: number
}

/** Kafka's own file: it vouches that all logs of the directory were closed and synced. */
const cleanShutdownFile = '.kafka_cleanshutdown'
const lockFile = '.lock'
const lookUpsAtOnce = 32

/** Keeps partitions in a directory of Kafka's own layout. */
export class SegmentStorage implements Storage {
  readonly files: NamedBytes
  readonly #directory: string
  readonly #random: Random
  readonly #context: SegmentContext
  readonly #partitions = new Map<string, { readonly topicId: string; readonly log: SegmentPartition }>()
  readonly #opening = new Set<string>()
  /** Folders that were closed in this run, so that opening them again needs no recovery. */
  readonly #closedHere = new Set<string>()
  readonly #removals = new Set<Promise<void>>()
  #lock: FileLock | null = null
  #wasClean = false

  constructor(options: SegmentStorageOptions) {
    const { directory, files, buffers, time, logger, durability, threads, unwrittenBytesMax = 64 * 1024 * 1024 } = options
    this.#directory = directory
    this.#random = options.random
    const groupCommit = new GroupCommit(threads)
    const unwritten = new ByteLimit('unwritten bytes', unwrittenBytesMax)
    this.#context = { files, buffers, time, logger, durability, groupCommit, unwritten }
    const own = [cleanShutdownFile, lockFile]
    this.files = new NamedFiles(files, directory, (name) => own.includes(name) || name.endsWith('.tmp'))
  }

  async open(): Promise<{ readonly partitions: readonly PartitionId[]; readonly cleanShutdown: Buffer | null }> {
    try {
      await this.#takeLock()
    } catch (error) {
      throw storageFailure(error, `The data directory ${this.#directory} cannot be used`)
    }
    try {
      const cleanShutdown = await this.#takeCleanShutdown()
      this.#wasClean = cleanShutdown !== null
      return { partitions: await this.#findPartitions(), cleanShutdown }
    } catch (error) {
      await this.#releaseLock()
      throw storageFailure(error, `The data directory ${this.#directory} cannot be read`)
    }
  }

  async openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage> {
    const name = folderName(id.topic, id.partition)
    if (this.#opening.has(name) || (this.#partitions.has(name) && !this.#closedHere.has(name)))
      throw new Error(`${name} is open already`)
    this.#opening.add(name)
    try {
      const folder = await this.#boundFolder(name, id)
      const clean = this.#wasClean || this.#closedHere.has(name)
      const partition = await SegmentPartition.open(this.#context, folder, options, clean)
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
    const path = join(this.#directory, name)
    const open = this.#partitions.get(name)
    // A topic of the same name may have been made meanwhile.
    if (open !== undefined && open.topicId !== id.topicId) return
    await open?.log.abandon()
    this.#partitions.delete(name)
    this.#closedHere.delete(name)
    try {
      if ((await new PartitionFolder(this.#context.files, path).topicId()) !== id.topicId) return
      const deleted = join(this.#directory, deletedFolderName(id.topic, id.partition, this.#random.uuid()))
      await this.#context.files.rename(path, deleted)
      await this.#context.files.syncDirectory(this.#directory)
      this.#removeLater(deleted)
    } catch (error) {
      throw storageFailure(error, `The log of ${name} cannot be deleted`)
    }
  }

  directories(): readonly StorageDirectory[] {
    return [{ path: this.#directory, ...this.#context.files.space(this.#directory) }]
  }

  whenWritable(): undefined | Promise<void> {
    return this.#context.unwritten.whenAvailable()
  }

  async ignoresCase(): Promise<boolean> {
    return await this.#context.files.ignoresCase(this.#directory)
  }

  async close(cleanShutdown: Buffer | null): Promise<void> {
    if (this.#lock === null) return
    const closed = await Promise.allSettled([...this.#partitions.values()].map(({ log }) => log.close()))
    const failed = closed.filter((each) => each.status === 'rejected')
    this.#partitions.clear()
    this.#closedHere.clear()
    try {
      await Promise.all(this.#removals)
      if (failed.length > 0) this.#sayNotClean(failed.length, failed[0]!.reason)
      else if (cleanShutdown !== null) await this.#context.files.replace(join(this.#directory, cleanShutdownFile), cleanShutdown)
    } catch (error) {
      throw storageFailure(error, `The data directory ${this.#directory} cannot be closed`)
    } finally {
      await this.#releaseLock()
    }
  }

  async #takeLock(): Promise<void> {
    await this.#context.files.makeDirectory(this.#directory)
    const path = join(this.#directory, lockFile)
    this.#lock = await this.#context.files.tryLock(path)
    if (this.#lock !== null) return
    throw new StorageError('held', `The data directory ${this.#directory} is in use by ${await lockHolder(path)}.`)
  }

  async #releaseLock(): Promise<void> {
    await this.#lock?.release()
    this.#lock = null
  }

  /** It goes before anything changes: a crash after this must not be taken for a clean stop, neither by us nor by Kafka. */
  async #takeCleanShutdown(): Promise<Buffer | null> {
    const path = join(this.#directory, cleanShutdownFile)
    const bytes = await this.#context.files.read(path)
    if (bytes === null) return null
    await this.#context.files.remove(path)
    await this.#context.files.syncDirectory(this.#directory)
    return bytes
  }

  async #findPartitions(): Promise<readonly PartitionId[]> {
    const names = (await this.#context.files.list(this.#directory))
      .filter((entry) => entry.isDirectory)
      .map((entry) => entry.name)
    for (const name of names) if (isDeletedFolderName(name)) this.#removeLater(join(this.#directory, name))
    const left = names.filter((name) => parseFolderName(name) !== null)
    const found: PartitionId[] = []
    const lookUp = async (): Promise<void> => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        const topicId = await this.#folder(name).topicId()
        if (topicId !== null) found.push({ topicId, ...parseFolderName(name)! })
        else
          this.#context.logger.warn(
            { folder: name },
            `The folder ${name} names no topic id in partition.metadata; it is left alone.`,
          )
      }
    }
    await Promise.all(Array.from({ length: lookUpsAtOnce }, lookUp))
    return found.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  }

  /** The folder of the partition; one that belongs to another topic of the name is put aside, as Kafka does. */
  async #boundFolder(name: string, id: PartitionId): Promise<PartitionFolder> {
    const folder = this.#folder(name)
    const topicId = await folder.topicId()
    if (topicId === id.topicId) return folder
    if (topicId !== null || (await folder.holdsBytes())) {
      const stray = strayFolderName(id.topic, id.partition, this.#random.uuid())
      this.#context.logger.warn(
        { folder: name, topicId, stray },
        `The folder ${name} belongs to another topic; it is kept as ${stray}.`,
      )
      await this.#context.files.rename(folder.path, join(this.#directory, stray))
    }
    await folder.bind(id.topicId)
    return folder
  }

  #folder(name: string): PartitionFolder {
    return new PartitionFolder(this.#context.files, join(this.#directory, name))
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
      `${count} of the logs in ${this.#directory} could not be written to their end; the next start recovers them.`,
    )
  }
}
