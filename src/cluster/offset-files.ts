import type { Logger } from '../environment/logger.ts'
import { CleanerOffsets } from '../log/cleaner/cleaner-offsets.ts'
import { LogStartOffsets } from '../log/log-start-offsets.ts'
import type { StorageDirectory } from '../storage/storage.ts'
import type { LogDirectories } from './log-directories.ts'
import type { MetadataImage } from './metadata-image.ts'

/** The text files of one directory that keep an offset for each of its partitions. */
export interface KeptOffsets {
  readonly logStartOffsets: LogStartOffsets
  readonly cleanerOffsets: CleanerOffsets
}

/** Such files of every directory. All are read at the start: only then is it known which entries are of partitions that are gone. */
export class OffsetFiles {
  readonly #kept: ReadonlyMap<StorageDirectory, Promise<KeptOffsets>>

  constructor(directories: LogDirectories, image: MetadataImage, logger: Logger) {
    const usable = directories.all.filter((directory) => directory.failure === null)
    this.#kept = new Map(usable.map((directory) => [directory, load(directory, directories, image, logger)]))
    // Whoever opens a log hears of it.
    for (const kept of this.#kept.values()) kept.catch(() => {})
  }

  async of(directory: StorageDirectory): Promise<KeptOffsets> {
    const kept = this.#kept.get(directory)
    if (kept === undefined) throw directory.failure ?? new Error(`${directory.path} is not for partitions`)
    return await kept
  }

  /** The partition is about to be deleted, wherever it is. */
  async forget(topic: string, partition: number): Promise<void> {
    for (const kept of this.#kept.values()) {
      const { logStartOffsets, cleanerOffsets } = await kept
      await logStartOffsets.remove(topic, partition)
      await cleanerOffsets.remove(topic, partition)
    }
  }
}

async function load(
  directory: StorageDirectory,
  directories: LogDirectories,
  image: MetadataImage,
  logger: Logger,
): Promise<KeptOffsets> {
  const has = (topic: string, partition: number): boolean => {
    const known = image.topicsByName.get(topic)
    const found = known?.partitions[partition]
    if (known === undefined || found === undefined) return false
    const id = { topicId: known.id, topic, partition }
    const [assignedId] = found.directories
    return directories.isUsable(id, assignedId) && directories.placeOf(id, assignedId) === directory
  }
  const [logStartOffsets, cleanerOffsets] = await Promise.all([
    LogStartOffsets.load(directory.files, has),
    CleanerOffsets.load(directory.files, logger, has),
  ])
  return { logStartOffsets, cleanerOffsets }
}
