import type { Clock, Timer } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { PartitionId } from '../storage/storage.ts'

const FIRST_WAIT_MS = 1000
const WAIT_MS_MAX = 30_000

export interface FailedLogsOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Raises the leader epoch of a partition; false if there is no such partition any more. */
  readonly raise: (id: PartitionId) => Promise<boolean>
}

/**
 * The logs that failed, cut themselves and wait for a higher leader epoch. It is raised as often as it takes: what had no
 * room on the disk for a log's records may have none for the metadata's either, and comes back when there is room again.
 */
export class FailedLogs {
  readonly #options: FailedLogsOptions
  readonly #raising = new Set<PartitionLog>()
  readonly #timers = new Set<Timer>()
  #isStopped = false

  constructor(options: FailedLogsOptions) {
    this.#options = options
  }

  found(log: PartitionLog): void {
    if (this.#isStopped || this.#raising.has(log)) return
    this.#raising.add(log)
    void this.#raise(log, FIRST_WAIT_MS)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) timer.cancel()
  }

  async #raise(log: PartitionLog, waitMs: number): Promise<void> {
    try {
      const isThere = await this.#options.raise(log.id)
      this.#raising.delete(log)
      // It may have failed again meanwhile.
      if (isThere && log.awaitsLeaderEpoch) this.found(log)
    } catch (error) {
      if (!this.#isStopped) this.#tryLater(log, waitMs, error)
    }
  }

  #tryLater(log: PartitionLog, waitMs: number, error: unknown): void {
    const { clock, logger } = this.#options
    if (waitMs === FIRST_WAIT_MS) {
      logger.error(
        { ...log.id, err: error },
        `The leader epoch of ${log.id.topic}-${log.id.partition}, whose log failed, cannot be raised; it takes no records until that works.`,
      )
    }
    const timer = clock.after(waitMs, () => {
      this.#timers.delete(timer)
      void this.#raise(log, Math.min(waitMs * 2, WAIT_MS_MAX))
    })
    this.#timers.add(timer)
  }
}
