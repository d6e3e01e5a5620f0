import type { Buffers } from '../../environment/buffers.ts'
import type { Clock } from '../../environment/environment.ts'
import type { Logger } from '../../environment/logger.ts'
import type {
  FoundPartition,
  NamedBytes,
  OpenOptions,
  PartitionId,
  PartitionStorage,
  Storage,
  StorageDirectory,
} from '../storage.ts'
import { MemoryNamedBytes } from './memory-named-bytes.ts'
import { MemoryPartition } from './memory-partition.ts'
import { MemoryRoom } from './memory-room.ts'

export interface MemoryStorageOptions {
  readonly time: Clock
  readonly buffers: Buffers
  readonly logger: Logger
  /** `memory.log.bytes`: at most so much over all partitions. */
  readonly limitBytes: number
}

export interface TopicSize {
  readonly topic: string
  readonly sizeBytes: number
}

const namedWhenFull = 5

/** Keeps everything in this process. Closed and opened again it still has it; with the object all is gone. */
export class MemoryStorage implements Storage {
  readonly files: NamedBytes = new MemoryNamedBytes()
  readonly #partitions = new Map<string, MemoryPartition>()
  readonly #room: MemoryRoom
  readonly #logger: Logger
  readonly #directory: StorageDirectory
  #cleanShutdown: Buffer | null = null
  #foundCleanShutdown: Buffer | null = null

  constructor(options: MemoryStorageOptions) {
    this.#logger = options.logger
    this.#room = new MemoryRoom(options.time, options.buffers, options.limitBytes, () => this.#sayFull())
    this.#directory = {
      path: 'memory',
      failure: null,
      files: this.files,
      space: () => this.#space(),
      fail: (error) => {
        throw error
      },
    }
  }

  async open(): Promise<{ readonly partitions: readonly FoundPartition[]; readonly cleanShutdown: Buffer | null }> {
    const cleanShutdown = this.#cleanShutdown
    this.#foundCleanShutdown = cleanShutdown
    this.#cleanShutdown = null
    return { partitions: [...this.#partitions.values()].map(({ id, directory }) => ({ ...id, directory })), cleanShutdown }
  }

  async openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage> {
    const key = keyOf(id)
    const partition = this.#partitions.get(key) ?? new MemoryPartition(id, this.#directory, this.#room)
    this.#partitions.set(key, partition)
    return partition.open(options.events)
  }

  async deletePartition(id: PartitionId): Promise<void> {
    const key = keyOf(id)
    this.#partitions.get(key)?.drop()
    this.#partitions.delete(key)
  }

  directories(): readonly StorageDirectory[] {
    return [this.#directory]
  }

  whenWritable(): undefined {
    return undefined
  }

  async ignoresCase(): Promise<boolean> {
    return false
  }

  async close(cleanShutdown: Buffer | null | 'as found'): Promise<void> {
    await Promise.all([...this.#partitions.values()].map((partition) => partition.close()))
    this.#cleanShutdown = cleanShutdown === 'as found' ? this.#foundCleanShutdown : cleanShutdown
  }

  /** The topics that take the most memory, the largest first. */
  largestTopics(count: number): readonly TopicSize[] {
    const sizes = new Map<string, number>()
    for (const { id, roomTakenBytes } of this.#partitions.values()) {
      sizes.set(id.topic, (sizes.get(id.topic) ?? 0) + roomTakenBytes)
    }
    const topics = [...sizes].map(([topic, sizeBytes]) => ({ topic, sizeBytes }))
    return topics.sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, count)
  }

  #space(): ReturnType<StorageDirectory['space']> {
    const totalBytes = BigInt(this.#room.limitBytes)
    return { totalBytes, usableBytes: totalBytes - BigInt(this.#room.takenBytes) }
  }

  #sayFull(): void {
    this.#logger.error(
      { limitBytes: this.#room.limitBytes, largestTopics: this.largestTopics(namedWhenFull) },
      'The memory for logs is used up; Produce is refused with KAFKA_STORAGE_ERROR. ' +
        'Set memory.log.bytes higher, or delete topics or records that are no longer needed.',
    )
  }
}

/** The id alone is not enough: a topic deleted and made again has another one, but each has its partitions. */
function keyOf(id: PartitionId): string {
  return `${id.topicId}-${id.partition}`
}
