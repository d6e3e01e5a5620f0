import { Buffers } from '../../environment/buffers.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import type { NamedBytes, OpenOptions, PartitionId, PartitionStorage, Storage, StorageDirectory } from '../../storage/storage.ts'
import type { Dice } from './dice.ts'
import { DiskPartition } from './disk-partition.ts'
import type { SimulatedTime } from './simulated-time.ts'

const limitBytes = 512 << 20

/** How often, and how, the disk fails; all are probabilities of one append or one sync. */
export interface DiskFaults {
  /** An append is refused at once. */
  readonly refusedAppend: number
  /** What was appended cannot be written. */
  readonly failedWrite: number
  /** A sync fails, after which the partition takes nothing before the process is started again. */
  readonly failedSync: number
  /** A sync takes seconds. */
  readonly slowSync: number
}

export const soundDisk: DiskFaults = { refusedAppend: 0, failedWrite: 0, failedSync: 0, slowSync: 0 }

/** What a disk does on the side, for the trace and for those who make it fail on purpose. */
export interface DiskEvents {
  happened(line: string): void
  /** A sync failed: somebody has to start the process again. */
  restartNeeded(): void
}

/**
 * A disk that outlives the process: batches are written and synced a while after they were appended, or not at all. How a
 * process ends decides what of them is there.
 */
export class SimulatedDisk {
  readonly #memory: MemoryStorage
  readonly time: SimulatedTime
  readonly dice: Dice
  readonly events: DiskEvents
  faults: DiskFaults = soundDisk
  /** For a test of the tests: a loss of power also takes what was synced. */
  forgetsSynced = false
  #storage: ProcessStorage | null = null

  constructor(time: SimulatedTime, dice: Dice, events: DiskEvents) {
    this.time = time
    this.dice = dice
    this.events = events
    this.#memory = new MemoryStorage({ time: time.clock(), buffers: new Buffers(), logger: silentLogger, limitBytes })
  }

  /** As a process that starts finds it. */
  mount(): Storage {
    this.#storage = new ProcessStorage(this, this.#memory)
    return this.#storage
  }

  /** The process is killed: what was written is there, what was not is gone. */
  async kill(): Promise<void> {
    await this.#storage?.end((partition) => partition.writtenEnd)
    await this.#memory.close(null)
  }

  /** What was synced is there, of what was only written any part. */
  async losePower(): Promise<void> {
    await this.#storage?.end((partition) => {
      const unsure = Number(partition.writtenEnd - partition.durableEnd)
      const taken = this.forgetsSynced ? 3n : 0n
      return partition.durableEnd - taken + BigInt(unsure === 0 ? 0 : this.dice.roll(unsure + 1))
    })
    await this.#memory.close(null)
  }
}

/** The disk as one life of the process sees it. */
class ProcessStorage implements Storage {
  readonly #disk: SimulatedDisk
  readonly #inner: Storage
  readonly #partitions = new Set<DiskPartition>()
  #isGone = false

  constructor(disk: SimulatedDisk, inner: Storage) {
    this.#disk = disk
    this.#inner = inner
  }

  /** Nothing that this life still does reaches the disk; each partition is cut where the end has left it. */
  async end(endOf: (partition: DiskPartition) => bigint): Promise<void> {
    this.#isGone = true
    for (const partition of this.#partitions) await partition.die(endOf(partition))
  }

  get files(): NamedBytes {
    return this.#inner.files
  }

  open(): ReturnType<Storage['open']> {
    return this.#inner.open()
  }

  async openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage> {
    if (this.#isGone) return await never()
    const inner = await this.#inner.openPartition(id, { ...options, events: noEvents })
    const partition = new DiskPartition({ id, inner, events: options.events, disk: this.#disk })
    this.#partitions.add(partition)
    return partition
  }

  async deletePartition(id: PartitionId): Promise<void> {
    if (this.#isGone) return await never()
    for (const partition of this.#partitions) {
      if (partition.id.topicId !== id.topicId || partition.id.partition !== id.partition) continue
      partition.remove()
      this.#partitions.delete(partition)
    }
    await this.#inner.deletePartition(id)
  }

  directories(): readonly StorageDirectory[] {
    return this.#inner.directories()
  }

  whenWritable(): undefined {
    return undefined
  }

  ignoresCase(): Promise<boolean> {
    return this.#inner.ignoresCase()
  }

  async close(cleanShutdown: Buffer | null | 'as found'): Promise<void> {
    if (this.#isGone) return await never()
    for (const partition of this.#partitions) await partition.close()
    this.#partitions.clear()
    await this.#inner.close(cleanShutdown)
  }
}

const noEvents = { written: () => {}, durable: () => {}, failed: () => {} }

/** A process that is gone hears nothing any more. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})
