import type { Buffers } from '../../environment/buffers.ts'
import { ByteLimit } from '../../environment/byte-limit.ts'
import type { Clock, Random } from '../../environment/environment.ts'
import type { Files } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import {
  type Durability,
  type FoundPartition,
  type NamedBytes,
  type OpenOptions,
  type PartitionId,
  type PartitionStorage,
  type Storage,
  type StorageDirectory,
  StorageError,
} from '../storage.ts'
import { folderName } from './folder-name.ts'
import { IndexCache } from './index-cache.ts'
import { journalHalfBytes as defaultJournalHalfBytes } from './journal.ts'
import type { CheckpointIntervals } from './offset-checkpoints.ts'
import { type DirectoryContext, SegmentDirectory } from './segment-directory.ts'
import { SyncSlots } from './sync-slots.ts'

export interface SegmentStorageOptions {
  /** The first directory, without which there is no start. */
  readonly directory: string
  readonly otherDirectories?: readonly string[]
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
  /** Indexes of closed segments in memory, over all partitions. Default 64 MiB. */
  readonly indexBytesMax?: number
  /** How often the files of offsets are written that make a start after a crash short, and that Kafka reads. */
  readonly checkpointIntervals?: CheckpointIntervals
  /** Of each half of a journal: a small one is begun anew often. */
  readonly journalHalfBytes?: number
}

/** Kafka's defaults. */
const defaultIntervals: CheckpointIntervals = { recoveryPointMs: 60_000, highWatermarkMs: 5000 }

/** Keeps partitions in directories of Kafka's own layout. */
export class SegmentStorage implements Storage {
  readonly #unwritten: ByteLimit
  readonly #first: SegmentDirectory
  readonly #directories: readonly SegmentDirectory[]
  /** Where each partition is. */
  readonly #places = new Map<string, SegmentDirectory>()

  constructor(options: SegmentStorageOptions) {
    const { directory, otherDirectories = [], random, unwrittenBytesMax = 64 * 1024 * 1024 } = options
    this.#unwritten = new ByteLimit('unwritten bytes', unwrittenBytesMax)
    const { files, buffers, time, logger, durability } = options
    const { indexBytesMax = 64 * 1024 * 1024, checkpointIntervals = defaultIntervals } = options
    const { journalHalfBytes = defaultJournalHalfBytes } = options
    const context: DirectoryContext = {
      files,
      buffers,
      time,
      logger,
      durability,
      syncSlots: new SyncSlots(options.threads),
      indexes: new IndexCache(indexBytesMax),
      unwritten: this.#unwritten,
      journalHalfBytes,
    }
    this.#first = new SegmentDirectory(directory, context, random, checkpointIntervals)
    this.#directories = [
      this.#first,
      ...otherDirectories.map((path) => new SegmentDirectory(path, context, random, checkpointIntervals)),
    ]
  }

  get files(): NamedBytes {
    return this.#first.files
  }

  async open(): Promise<{ readonly partitions: readonly FoundPartition[]; readonly cleanShutdown: Buffer | null }> {
    try {
      const partitions: FoundPartition[] = []
      for (const directory of this.#directories) partitions.push(...(await this.#openDirectory(directory)))
      partitions.sort(byName)
      for (const partition of partitions) this.#noteFound(partition)
      return { partitions, cleanShutdown: this.#first.foundCleanShutdown }
    } catch (error) {
      await this.close('as found')
      throw error
    }
  }

  async openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage> {
    const key = keyOf(id)
    const directory = this.#places.get(key) ?? this.#directoryFor(options.directory)
    if (directory.failure !== null) throw directory.failure
    this.#places.set(key, directory)
    return await directory.openPartition(id, options)
  }

  async deletePartition(id: PartitionId): Promise<void> {
    const key = keyOf(id)
    const directory = this.#places.get(key) ?? this.#first
    await directory.deletePartition(id)
    this.#places.delete(key)
  }

  directories(): readonly StorageDirectory[] {
    return this.#directories
  }

  whenWritable(): undefined | Promise<void> {
    return this.#unwritten.whenAvailable()
  }

  async ignoresCase(): Promise<boolean> {
    for (const directory of this.#directories) if (directory.failure === null && (await directory.ignoresCase())) return true
    return false
  }

  /** Every directory is let go, whatever fails. */
  async close(cleanShutdown: Buffer | null | 'as found'): Promise<void> {
    this.#places.clear()
    const closed = await Promise.allSettled(this.#directories.map((directory) => directory.close(cleanShutdown)))
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }

  /** As in Kafka the others go on without one that cannot be used. One that another process holds is a mistake. */
  async #openDirectory(directory: SegmentDirectory): Promise<readonly FoundPartition[]> {
    try {
      return await directory.open()
    } catch (error) {
      if (directory === this.#first || !(error instanceof StorageError) || error.kind === 'held') throw error
      directory.fail(error)
      return []
    }
  }

  #noteFound(partition: FoundPartition): void {
    const key = keyOf(partition)
    const other = this.#places.get(key)
    if (other !== undefined) {
      const name = folderName(partition.topic, partition.partition)
      throw new StorageError(
        'corrupt',
        `The partition ${name} is in both ${other.path} and ${partition.directory.path}, as after a directory failed while ` +
          'the partition was moved. Remove one of the two folders: the one in the directory that failed.',
      )
    }
    this.#places.set(key, partition.directory as SegmentDirectory)
  }

  #directoryFor(wanted: StorageDirectory | undefined): SegmentDirectory {
    return this.#directories.find((directory) => directory === wanted) ?? this.#first
  }
}

/** A topic deleted and made again has the name of the old one, and another id. */
function keyOf({ topicId, partition }: PartitionId): string {
  return `${topicId} ${partition}`
}

function byName(one: PartitionId, other: PartitionId): number {
  if (one.topic === other.topic) return one.partition - other.partition
  return one.topic < other.topic ? -1 : 1
}
