import type { Clock, Timer } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { PartitionId } from '../storage/storage.ts'

const FIRST_WAIT_MS = 1000
const WAIT_MS_MAX = 30_000
/** A log that has not failed for so long may be led again at once when it does. */
const CALM_MS = 60_000

export interface FailedLogsOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Raises the leader epoch of a partition; false if there is no such partition any more. */
  readonly raise: (id: PartitionId) => Promise<boolean>
}

/**
 * The logs that failed, cut themselves and wait for a higher leader epoch. It is raised as often as it takes: what had no
 * room on the disk for a log's records may have none for the metadata's either, and comes back when there is room again. A log
 * that fails as soon as it is led waits longer each time: else every retry of a client on a full disk would add to the
 * metadata log, read the whole log again and say the same.
 */
export class FailedLogs {
  readonly #options: FailedLogsOptions
  readonly #raising = new Set<PartitionLog>()
  /** When each was last tried, and how long to wait before the next time. */
  readonly #tried = new WeakMap<PartitionLog, { readonly atMs: number; readonly waitMs: number }>()
  readonly #timers = new Set<Timer>()
  #isStopped = false

  constructor(options: FailedLogsOptions) {
    this.#options = options
  }

  found(log: PartitionLog): void {
    if (this.#isStopped || this.#raising.has(log)) return
    this.#raising.add(log)
    const waitMs = this.#waitMs(log)
    if (waitMs === 0) void this.#raise(log)
    else this.#raiseAfter(waitMs, log)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) timer.cancel()
  }

  async #raise(log: PartitionLog): Promise<void> {
    const { clock, logger, raise } = this.#options
    const waitedMs = this.#waitMs(log)
    const waitMs = Math.min(Math.max(FIRST_WAIT_MS, waitedMs * 2), WAIT_MS_MAX)
    this.#tried.set(log, { atMs: clock.nowMs(), waitMs })
    try {
      const isThere = await raise(log.id)
      this.#raising.delete(log)
      // It may have failed again meanwhile.
      if (isThere && log.awaitsLeaderEpoch) this.found(log)
    } catch (error) {
      if (this.#isStopped) return
      const name = `${log.id.topic}-${log.id.partition}`
      if (waitedMs === 0) {
        logger.error(
          { ...log.id, err: error },
          `The leader epoch of ${name}, whose log failed, cannot be raised; it takes no records until that works.`,
        )
      }
      this.#raiseAfter(waitMs, log)
    }
  }

  #raiseAfter(waitMs: number, log: PartitionLog): void {
    const timer = this.#options.clock.after(waitMs, () => {
      this.#timers.delete(timer)
      void this.#raise(log)
    })
    this.#timers.add(timer)
  }

  /** 0 where nothing was tried lately. */
  #waitMs(log: PartitionLog): number {
    const tried = this.#tried.get(log)
    return tried === undefined || this.#options.clock.nowMs() - tried.atMs > CALM_MS ? 0 : tried.waitMs
  }
}
