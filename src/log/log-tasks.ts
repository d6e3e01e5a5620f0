import type { Clock, Timer } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import type { PartitionLog } from './partition-log.ts'
import type { UnsavedBytes } from './unsaved-bytes.ts'

/** Of a broker's settings, in milliseconds. */
export interface LogTaskTimes {
  /** `log.initial.task.delay.ms` */
  readonly initialDelayMs: number
  /** `log.retention.check.interval.ms` */
  readonly retentionCheckMs: number
  /** `log.flush.offset.checkpoint.interval.ms`; null where what is saved is as mortal as what is not. */
  readonly checkpointMs: number | null
  /** `log.flush.scheduler.interval.ms`; null where all that is written is synced anyway. */
  readonly flushMs: number | null
}

export interface LogTasksOptions {
  readonly logs: () => Iterable<PartitionLog>
  readonly unsaved: UnsavedBytes
  readonly times: LogTaskTimes
  readonly time: Clock
  readonly logger: Logger
}

interface Task {
  readonly what: string
  readonly everyMs: number
  readonly run: (log: PartitionLog) => Promise<void>
}

/** Nothing comes after so long a time: the default of the flush scheduler is the largest number that Kafka knows. */
const neverMs = 1e15
/** A start walks less than that of a log in no time. */
const checkpointBytesMin = 512 * 1024
/** How many logs are at it at once: those that save their start share the file's writes. */
const logsAtOnce = 16
/** So many logs are looked at before others get their turn. */
const logsInARow = 100

/** What is done to all logs from time to time, whoever uses them: retention, checkpoints, and syncs that Kafka's settings ask for. */
export class LogTasks {
  readonly #options: LogTasksOptions
  readonly #timers = new Map<Task, Timer>()
  readonly #running = new Map<Task, Promise<void>>()
  /** The logs of which it was said that something fails. */
  readonly #failing = new WeakSet<PartitionLog>()
  #stopped = false

  constructor(options: LogTasksOptions) {
    this.#options = options
  }

  start(): void {
    const { times, unsaved } = this.#options
    const { initialDelayMs, retentionCheckMs, checkpointMs, flushMs } = times
    const tasks: Task[] = [{ what: 'retention', everyMs: retentionCheckMs, run: (log) => log.applyRetention() }]
    if (checkpointMs !== null) {
      const checkpoint: Task = { what: 'checkpoint', everyMs: checkpointMs, run: (log) => log.checkpoint(checkpointBytesMin) }
      tasks.push(checkpoint)
      unsaved.onMany(() => {
        // Not at once: that log is in the midst of an append.
        if (!this.#running.has(checkpoint)) this.#after(0, checkpoint)
      })
    }
    if (flushMs !== null) tasks.push({ what: 'flush', everyMs: flushMs, run: (log) => log.flushIfDue() })
    for (const task of tasks) if (task.everyMs < neverMs) this.#after(initialDelayMs, task)
  }

  /** Settled when nothing is done any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    await Promise.all(this.#running.values())
  }

  #after(delayMs: number, task: Task): void {
    if (this.#stopped) return
    this.#timers.get(task)?.cancel()
    const timer = this.#options.time.after(delayMs, () => {
      const running = this.#runAll(task).finally(() => {
        this.#running.delete(task)
        this.#after(Math.max(1, task.everyMs), task)
      })
      this.#running.set(task, running)
    })
    this.#timers.set(task, timer)
  }

  async #runAll(task: Task): Promise<void> {
    const line = this.#options.logs()[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      let count = 0
      for (let next = line.next(); next.done !== true && !this.#stopped; next = line.next()) {
        await this.#run(task, next.value)
        count += 1
        if (count % logsInARow === 0) await this.#endOfTurn()
      }
    }
    await Promise.all(Array.from({ length: logsAtOnce }, worker))
  }

  async #run({ what, run }: Task, log: PartitionLog): Promise<void> {
    try {
      await run(log)
      this.#failing.delete(log)
    } catch (error) {
      if (this.#failing.has(log)) return
      this.#failing.add(log)
      const name = `${log.id.topic}-${log.id.partition}`
      this.#options.logger.error(
        { err: error, partition: name, what },
        `The ${what} of ${name} failed; it is tried again each time.`,
      )
    }
  }

  #endOfTurn(): Promise<void> {
    return new Promise((resolve) => this.#options.time.endOfTurn(resolve))
  }
}
