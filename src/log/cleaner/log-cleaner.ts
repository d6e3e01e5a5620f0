import { InvalidRecords } from '../../../protocol/records/invalid-records.ts'
import type { Environment, Timer } from '../../environment/environment.ts'
import { type PartitionStorage, StorageError } from '../../storage/storage.ts'
import type { PartitionLog } from '../partition-log.ts'
import { type CleaningResult, cleanLog } from './clean-log.ts'
import type { CleanableLog } from './cleanable-log.ts'
import type { CleanerSettings } from './cleaner-settings.ts'
import { CleaningGivenUp } from './cleaning-given-up.ts'
import { IoThrottle } from './io-throttle.ts'
import { firstDirty, type LogToClean, logToClean, mustRoll } from './log-to-clean.ts'
import { OffsetMap } from './offset-map.ts'
import { Pace } from './pace.ts'

export interface LogCleanerOptions {
  readonly logs: () => Iterable<Pick<PartitionLog, 'cleanable'>>
  /** Those that hold now. */
  readonly settings: () => CleanerSettings
  readonly environment: Environment
  /** It met what cannot be. */
  readonly bug: (error: Error) => void
}

/** A disk that is full or does not answer may do so again; records that cannot be read stay as they are. */
const retryMs = 300_000

/**
 * Compacts logs, the dirtiest first (`LogCleaner`). One at a time, whatever `log.cleaner.threads` says: it is the event loop that it shares with clients,
 * and two at once would share its part of that.
 */
export class LogCleaner {
  readonly #options: LogCleanerOptions
  readonly #throttle: IoThrottle
  /** The logs that failed, by what they stand on, and when they are tried again. */
  readonly #leftAloneUntilMs = new WeakMap<PartitionStorage, number>()
  #timer: Timer | null = null
  #work: Promise<void> | null = null
  #stopped = false

  constructor(options: LogCleanerOptions) {
    this.#options = options
    this.#throttle = new IoThrottle(options.environment.time, () => options.settings().ioBytesPerSecondMax)
  }

  start(): void {
    this.#lookLater()
  }

  /** Gives up what is under way. Settled when no log is touched any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#work
  }

  /** Cleans what is due, one log after the other. */
  async cleanAll(): Promise<void> {
    while (!this.#stopped && (await this.#cleanDirtiest())) {
      await new Promise<void>((resolve) => this.#options.environment.time.endOfTurn(resolve))
    }
  }

  #lookLater(): void {
    if (this.#stopped) return
    this.#timer = this.#options.environment.time.after(Math.max(1, this.#options.settings().backoffMs), () => {
      this.#work = this.cleanAll()
        .then(() => this.#lookLater(), this.#options.bug)
        .finally(() => {
          this.#work = null
        })
    })
  }

  /** False: nothing is due. */
  async #cleanDirtiest(): Promise<boolean> {
    if (!this.#options.settings().isEnabled) return false
    let dirtiest: LogToClean | null = null
    for (const { cleanable: log } of this.#options.logs()) {
      if (this.#stopped) return false
      const found = this.#mayBeCleaned(log) ? await this.#orLeaveAlone(log, () => this.#look(log)) : null
      if (found?.isDue && (dirtiest === null || found.dirtyRatio > dirtiest.dirtyRatio)) dirtiest = found
    }
    if (dirtiest === null) return false
    const { log } = dirtiest
    return (await this.#orLeaveAlone(log, () => log.rangeChanges.run(() => this.#clean(dirtiest)))) ?? true
  }

  #mayBeCleaned(log: CleanableLog): boolean {
    if (!log.config.compact || !log.isCleanable || log.rangeChanges.isBusy) return false
    return (this.#leftAloneUntilMs.get(log.storage) ?? 0) <= this.#options.environment.time.nowMs()
  }

  async #look(log: CleanableLog): Promise<LogToClean | null> {
    const nowMs = this.#options.environment.time.nowMs()
    const { offset, defect } = firstDirty(log, log.cleanedEnd)
    if (defect !== null) {
      // Retention moves the start of such a log all the time.
      if (defect === 'beyond the log end' || !log.config.delete) this.#warnOfCheckpoint(log, defect)
      await log.saveCleanedEnd(offset)
    }
    if (mustRoll(log, nowMs)) log.roll()
    return await logToClean(log, offset, nowMs)
  }

  async #clean(work: LogToClean): Promise<true> {
    const { log } = work
    const { environment, settings } = this.#options
    const { dedupeBufferBytes, dedupeBufferLoadFactor, ioBufferBytes } = settings()
    const seed = environment.random.bytes(4).readInt32BE()
    const isGivenUp = (): boolean => this.#stopped || !log.isCleanable || !log.config.compact || log.rangeChanges.isAwaited
    const result = await cleanLog(log, work, {
      map: new OffsetMap({ memoryBytes: dedupeBufferBytes, loadFactor: dedupeBufferLoadFactor, seed }),
      pace: new Pace({ real: environment.real, throttle: this.#throttle, isGivenUp }),
      readBytes: Math.max(1, Math.floor(ioBufferBytes / 2)),
      nowMs: environment.time.nowMs(),
    })
    await log.saveCleanedEnd(result.endOffset)
    this.#say(work, result)
    return true
  }

  /** Null: it was given up, or failed, which is said once. */
  async #orLeaveAlone<T>(log: CleanableLog, run: () => Promise<T>): Promise<T | null> {
    try {
      return await run()
    } catch (error) {
      const isKnown = error instanceof StorageError || error instanceof InvalidRecords
      if (!isKnown && !(error instanceof CleaningGivenUp)) throw error
      // Of a log that was closed, deleted or has failed meanwhile nothing else can be expected.
      if (isKnown && log.isCleanable) this.#leaveAlone(log, error)
      return null
    }
  }

  #leaveAlone(log: CleanableLog, error: StorageError | InvalidRecords): void {
    const { logger, time } = this.#options.environment
    const isForGood = error instanceof InvalidRecords || error.kind === 'corrupt'
    this.#leftAloneUntilMs.set(log.storage, isForGood ? Number.POSITIVE_INFINITY : time.nowMs() + retryMs)
    logger.warn(
      { err: error, partition: nameOf(log) },
      isForGood
        ? `${nameOf(log)} cannot be compacted and keeps growing: its records cannot be read. All others are.`
        : `${nameOf(log)} could not be compacted; it is tried again in five minutes.`,
    )
  }

  #warnOfCheckpoint(log: CleanableLog, defect: string): void {
    this.#options.environment.logger.warn(
      { partition: nameOf(log), cleanedEnd: log.cleanedEnd, logStartOffset: log.logStartOffset, logEndOffset: log.logEndOffset },
      `What is noted as compacted of ${nameOf(log)} lies ${defect}: all of it is compacted anew.`,
    )
  }

  #say({ log, firstDirtyOffset }: LogToClean, { endOffset, bytesBefore, bytesAfter, recordsWithoutKey }: CleaningResult): void {
    const { logger } = this.#options.environment
    logger.info(
      { partition: nameOf(log), from: firstDirtyOffset, end: endOffset, bytesBefore, bytesAfter },
      `${nameOf(log)} was compacted`,
    )
    if (recordsWithoutKey === 0) return
    logger.warn(
      { partition: nameOf(log), records: recordsWithoutKey },
      `${nameOf(log)} had records without a key, which compaction drops`,
    )
  }
}

function nameOf({ id }: CleanableLog): string {
  return `${id.topic}-${id.partition}`
}
