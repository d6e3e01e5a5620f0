import { type FoundPartition, type PartitionId, type StorageDirectory, StorageError } from '../storage/storage.ts'

export interface LogDirectoriesOptions {
  /** With those that failed. */
  readonly directories: readonly StorageDirectory[]
  readonly directoryIds: ReadonlyMap<StorageDirectory, string>
  readonly found: readonly FoundPartition[]
}

/** The directories that partitions are in, by the ids under which the metadata log knows them. */
export class LogDirectories {
  readonly all: readonly StorageDirectory[]
  readonly #usable: readonly StorageDirectory[]
  readonly #ids: ReadonlyMap<StorageDirectory, string>
  readonly #byId: ReadonlyMap<string, StorageDirectory>
  /** Where the partitions are that the start found; with one directory nobody asks. */
  readonly #found = new Map<string, StorageDirectory>()
  readonly #counts = new Map<StorageDirectory, number>()

  constructor({ directories, directoryIds, found }: LogDirectoriesOptions) {
    this.all = directories
    this.#usable = directories.filter((directory) => directory.failure === null)
    this.#ids = directoryIds
    this.#byId = new Map(this.#usable.map((directory) => [this.idOf(directory), directory]))
    if (directories.length === 1) return
    for (const partition of found) {
      this.#found.set(keyOf(partition), partition.directory)
      this.#count(partition.directory)
    }
  }

  /** As the broker registers them: those that can be used. */
  get ids(): readonly string[] {
    return this.#usable.map((directory) => this.idOf(directory))
  }

  idOf(directory: StorageDirectory): string {
    return this.#ids.get(directory) ?? ''
  }

  /**
   * Where a partition is: where it was found, else where the metadata log has it, else a new place. Throws StorageError where it
   * may be in a directory that cannot be used: as in Kafka no empty log is made in the place of one that may come back.
   */
  placeOf(partition: PartitionId, assignedId: string | undefined): StorageDirectory {
    const [only] = this.all
    if (this.all.length === 1 && only !== undefined) return only
    const known = this.#found.get(keyOf(partition)) ?? this.#byId.get(assignedId ?? '')
    if (known !== undefined && known.failure !== null) throw known.failure
    if (known !== undefined) return known
    const failed = this.all.filter((directory) => directory.failure !== null).map(({ path }) => path)
    if (failed.length > 0) {
      throw new StorageError(
        'io',
        `${partition.topic}-${partition.partition} may be in ${failed.join(' or ')}, which cannot be used`,
      )
    }
    const place = this.#leastUsed()
    this.#found.set(keyOf(partition), place)
    this.#count(place)
    return place
  }

  /** Whether the partition can be where it is: not so in a directory that failed. */
  isUsable(partition: PartitionId, assignedId: string | undefined): boolean {
    try {
      this.placeOf(partition, assignedId)
      return true
    } catch (error) {
      if (error instanceof StorageError) return false
      throw error
    }
  }

  /** Its topic was deleted. */
  forget(partition: PartitionId): void {
    const key = keyOf(partition)
    const directory = this.#found.get(key)
    if (directory === undefined) return
    this.#found.delete(key)
    this.#counts.set(directory, (this.#counts.get(directory) ?? 0) - 1)
  }

  /** The first of those with the fewest partitions. */
  #leastUsed(): StorageDirectory {
    const countOf = (directory: StorageDirectory): number => this.#counts.get(directory) ?? 0
    return this.#usable.reduce((least, each) => (countOf(each) < countOf(least) ? each : least))
  }

  #count(directory: StorageDirectory): void {
    this.#counts.set(directory, (this.#counts.get(directory) ?? 0) + 1)
  }
}

function keyOf({ topicId, partition }: PartitionId): string {
  return `${topicId} ${partition}`
}
