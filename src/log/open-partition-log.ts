import type { Environment } from '../environment/environment.ts'
import type {
  Durability,
  PartitionId,
  PartitionStorage,
  Storage,
  StorageDirectory,
  StorageError,
  StorageEvents,
} from '../storage/storage.ts'
import type { CleanerOffsets } from './cleaner/cleaner-offsets.ts'
import { type LogConfig, rangeOptionsOf } from './log-config.ts'
import type { LogStartOffsets } from './log-start-offsets.ts'
import { LogState } from './log-state.ts'
import type { PartitionLog } from './partition-log.ts'
import { storageFailure } from './storage-errors.ts'
import { StoragePartitionLog } from './storage-partition-log.ts'
import type { UnsavedBytes } from './unsaved-bytes.ts'

export interface OpenPartitionLogOptions {
  readonly storage: Storage
  readonly id: PartitionId
  /** Where it is made if it is nowhere yet; the first if left out. */
  readonly directory?: StorageDirectory
  readonly config: LogConfig
  /** Of the leader that begins now: higher than any before, since a restart may have lost a tail. */
  readonly leaderEpoch: number
  readonly durability: Durability
  /** `producer.id.expiration.ms` */
  readonly producerIdExpirationMs: number
  /** Keeps log start offsets across restarts; one for all partitions of a directory. */
  readonly logStartOffsets: LogStartOffsets
  /** Keeps up to where compaction came; likewise. */
  readonly cleanerOffsets: CleanerOffsets
  /** One for all logs. */
  readonly unsaved: UnsavedBytes
  readonly environment: Environment
}

/** Opens or makes a partition's log; what it must know of producers and epochs comes from the files beside its batches, and from those that came later. */
export async function openPartitionLog(options: OpenPartitionLogOptions): Promise<PartitionLog> {
  const { storage, id, directory, config, leaderEpoch, environment, logStartOffsets } = options
  const events = new DeferredEvents()
  try {
    const ranges = rangeOptionsOf(config)
    const partition = await storage.openPartition(id, { onCorruption: 'cut', fence: leaderEpoch, directory, ranges, events })
    try {
      sayWhatWasCut(partition, id, environment)
      const logStartOffset = await startOf(partition, logStartOffsets.get(id.topic, id.partition))
      const state = await LogState.load(partition, logStartOffset, options)
      const log = new StoragePartitionLog({ ...options, partition, state, logStartOffset })
      events.handOver(log)
      return log
    } catch (error) {
      // It may be opened again.
      await partition.close().catch(() => {})
      throw error
    }
  } catch (error) {
    throw storageFailure(error)
  }
}

function sayWhatWasCut(partition: PartitionStorage, id: PartitionId, environment: Environment): void {
  if (partition.recoveredBytesCut === 0) return
  environment.logger.warn(
    { topic: id.topic, partition: id.partition, bytesCut: partition.recoveredBytesCut, logEndOffset: partition.endOffset },
    'The end of the log was no sound record batch and was cut off',
  )
}

/** Offsets below a start that clients were told are never given again, even if the log lost more than its tail. */
async function startOf(partition: PartitionStorage, kept: bigint): Promise<bigint> {
  if (kept > partition.endOffset) await partition.restartAt(kept)
  return kept > partition.startOffset ? kept : partition.startOffset
}

/** The storage may speak as soon as the partition is open, before its log is made. */
class DeferredEvents implements StorageEvents {
  #log: StorageEvents | null = null
  #failure: StorageError | null = null

  handOver(log: StorageEvents): void {
    this.#log = log
    if (this.#failure !== null) log.failed(this.#failure)
  }

  written(end: bigint): void {
    this.#log?.written(end)
  }

  durable(end: bigint): void {
    this.#log?.durable(end)
  }

  failed(error: StorageError): void {
    if (this.#log === null) this.#failure = error
    else this.#log.failed(error)
  }
}
