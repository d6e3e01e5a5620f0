import type { Clock } from '../environment/environment.ts'

const FIRST_WAIT_MS = 1000
const WAIT_MS_MAX = 30_000

interface Unopened {
  waitMs: number
  dueMs: number
  /** The try that is under way. */
  opening: Promise<void> | null
}

/**
 * The logs that could not be opened. Too many open files, or a disk that is full or does not answer, may be over soon: whoever asks for
 * such a log sets off another try, each after a longer wait than the one before, so that the clients' retries do not wear the disk out.
 */
export class UnopenedLogs {
  readonly #clock: Clock
  readonly #logs = new Map<string, Unopened>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** False: it has failed before. */
  failed(topicId: string, partition: number): boolean {
    const key = keyOf(topicId, partition)
    const log = this.#logs.get(key)
    const waitMs = log === undefined ? FIRST_WAIT_MS : Math.min(log.waitMs * 2, WAIT_MS_MAX)
    this.#logs.set(key, { waitMs, dueMs: this.#clock.nowMs() + waitMs, opening: log?.opening ?? null })
    return log === undefined
  }

  /** Sets off `open`, which must not throw, if it is time for another try. */
  retry(topicId: string, partition: number, open: () => Promise<void>): void {
    const log = this.#logs.get(keyOf(topicId, partition))
    if (log === undefined || log.opening !== null || this.#clock.nowMs() < log.dueMs) return
    log.opening = open().finally(() => {
      const now = this.#logs.get(keyOf(topicId, partition))
      if (now !== undefined) now.opening = null
    })
  }

  /** True: it had failed before. */
  opened(topicId: string, partition: number): boolean {
    return this.#logs.delete(keyOf(topicId, partition))
  }

  /** Settled when no try is under way any more, and none begins. */
  async forget(topicId: string, partition: number): Promise<void> {
    const key = keyOf(topicId, partition)
    const log = this.#logs.get(key)
    this.#logs.delete(key)
    await log?.opening
  }

  async stop(): Promise<void> {
    const opening = [...this.#logs.values()].map((log) => log.opening)
    this.#logs.clear()
    await Promise.all(opening)
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId} ${partition}`
}
