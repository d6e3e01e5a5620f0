import type { Environment } from '../environment/environment.ts'
import type { PartitionId, PartitionStorage } from '../storage/storage.ts'
import type { LogConfig } from './log-config.ts'
import type { LogStart } from './log-start.ts'
import type { LogState } from './log-state.ts'
import type { PartitionLog } from './partition-log.ts'
import { type ExpiredSegments, type RetentionVerdict, retentionOf } from './retention.ts'

export interface LogRetentionOptions {
  readonly log: Pick<PartitionLog, 'id' | 'logStartOffset' | 'highWatermark' | 'takesAppends'>
  readonly storage: PartitionStorage
  readonly state: LogState
  readonly config: () => LogConfig
  readonly start: LogStart
  readonly environment: Environment
}

/** Deletes what the settings of a topic let go of one log. */
export class LogRetention {
  readonly #options: LogRetentionOptions

  constructor(options: LogRetentionOptions) {
    this.#options = options
  }

  /** Throws StorageError. */
  async apply(): Promise<void> {
    const { expired, heldByFuture } = this.#verdict()
    if (heldByFuture !== null) this.#sayHeld(heldByFuture.baseOffset)
    if (expired !== null) await this.#options.start.rangeChanges.run(() => this.#deleteExpired())
  }

  #verdict(): RetentionVerdict {
    const { log, storage, state, config, environment } = this.#options
    if (!log.takesAppends) return { expired: null, heldByFuture: null }
    const { logStartOffset, highWatermark } = log
    const retained = { ranges: storage.ranges(), logStartOffset, highWatermark, lastAppendMs: state.lastAppendMs }
    return retentionOf(retained, config(), environment.time.nowMs())
  }

  async #deleteExpired(): Promise<void> {
    const { log, state, start } = this.#options
    // Compaction may have changed all of it before it gave way.
    const { expired } = this.#verdict()
    if (expired === null) return
    const before = this.#rollBehind(expired.before)
    // The producers of what goes live on in the snapshot where the rest begins.
    await state.settled()
    if (before > log.logStartOffset) {
      start.tell(before)
      // On a full disk there is room only after the deletion; the start is then where the first segment begins.
      await start.keep().catch((error: unknown) => this.#sayNotSaved(error))
    }
    await start.dropRangesBefore(before)
    this.#say(log.id, { ...expired, before })
  }

  /** There is always a last segment. A disk too full for a new one has room again once all before it are gone. */
  #rollBehind(before: bigint): bigint {
    const { storage, state } = this.#options
    if (before < storage.endOffset) return before
    try {
      state.roll()
      return before
    } catch (error) {
      const last = storage.ranges().at(-1)
      if (last === undefined || last.baseOffset <= storage.startOffset) throw error
      return last.baseOffset
    }
  }

  #say({ topic, partition }: PartitionId, { before, count, sizeBytes, because }: ExpiredSegments): void {
    this.#options.environment.logger.info(
      { topic, partition, logStartOffset: before, segments: count, bytes: sizeBytes, because },
      `Deleted ${count === 1 ? 'a segment' : `${count} segments`} of ${topic}-${partition}, below offset ${before} (${because.join(', ')}).`,
    )
  }

  #sayHeld(baseOffset: bigint): void {
    const { log, environment } = this.#options
    const { topic, partition } = log.id
    environment.logger.debug(
      { topic, partition, baseOffset },
      `The segment of ${topic}-${partition} at offset ${baseOffset} has records from the future, which keep it and all behind it.`,
    )
  }

  #sayNotSaved(error: unknown): void {
    const { topic, partition } = this.#options.log.id
    this.#options.environment.logger.warn(
      { err: error, topic, partition },
      `The log start offset of ${topic}-${partition} could not be saved; its first segment tells it from now on.`,
    )
  }
}
