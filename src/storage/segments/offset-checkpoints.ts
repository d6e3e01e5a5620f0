import type { Clock, Timer } from '../../environment/environment.ts'
import type { Logger } from '../../environment/logger.ts'
import { decodeCheckpoint, encodeCheckpoint, parseCheckpointNumber } from '../checkpoint-text.ts'
import type { NamedBytes } from '../storage.ts'

export const recoveryPointsFile = 'recovery-point-offset-checkpoint'
export const highWatermarksFile = 'replication-offset-checkpoint'

/** However long the interval: a start after a crash checks what was written since the last time, and that must not take long. */
const bytesBetweenMax = 128 * 1024 * 1024
const betweenMinMs = 1000
/** A start that opens thousands of logs, and checks them, has no time to spare for it. */
const afterLoadMinMs = 5000

export interface CheckpointedLog {
  readonly topic: string
  readonly partition: number
  /** All below it is synced, indexes included. */
  readonly recoveryPoint: bigint
  readonly durableEnd: bigint
  /** Brings the recovery point nearer to the end. Never rejects. `isIdle`: nothing was appended since the last time. */
  checkpoint(isIdle: boolean): Promise<void>
}

export interface OffsetCheckpointsOptions {
  /** Of the directory that the logs are in. */
  readonly files: NamedBytes
  readonly time: Clock
  readonly logger: Logger
  readonly intervals: CheckpointIntervals
}

export interface CheckpointIntervals {
  /** `log.flush.offset.checkpoint.interval.ms` */
  readonly recoveryPointMs: number
  /** `replica.high.watermark.checkpoint.interval.ms` */
  readonly highWatermarkMs: number
}

/**
 * Kafka's two files with an offset for each log of a directory: up to where a start after a crash need not look, and the
 * high watermarks, which only Kafka reads. They are written a while after something was appended, so never while all is idle.
 */
export class OffsetCheckpoints {
  readonly #options: OffsetCheckpointsOptions
  readonly #logs = new Map<string, CheckpointedLog>()
  /** As the file had them at the start, of logs that are not open yet. */
  readonly #found = new Map<string, bigint>()
  /** As the file has them. */
  #recoveryPoints = new Map<string, bigint>()
  /** Appended to since the last time. */
  #moved = new Set<CheckpointedLog>()
  /** Appended to before that. */
  #resting = new Set<CheckpointedLog>()
  #bytes = 0
  #recoveryPointTimer: Timer | null = null
  #highWatermarkTimer: Timer | null = null
  #isHurried = false
  #isRunning = false
  /** No hurry before that. */
  #earliestMs = 0
  /** The files are written one after the other. */
  #writing: Promise<void> = Promise.resolve()
  #round: Promise<void> = Promise.resolve()
  #queued: Promise<void> | null = null
  #ended = false

  constructor(options: OffsetCheckpointsOptions) {
    this.#options = options
  }

  /** Reads the recovery points. A file that is none costs no more than a longer recovery. */
  async load(): Promise<void> {
    this.#ended = false
    this.#earliestMs = this.#options.time.nowMs() + afterLoadMinMs
    const bytes = await this.#options.files.load(recoveryPointsFile)
    const entries = bytes === null ? [] : decodeCheckpoint(bytes)
    this.#logs.clear()
    this.#moved.clear()
    this.#resting.clear()
    this.#found.clear()
    if (entries === null) {
      this.#options.logger.warn(
        { file: recoveryPointsFile },
        `${recoveryPointsFile} is not what Kafka writes there; it is ignored.`,
      )
    }
    for (const [topic, partition, text] of entries ?? []) {
      const offset = parseCheckpointNumber(text)
      if (offset !== null && offset >= 0n) this.#found.set(`${topic} ${partition}`, offset)
    }
    this.#recoveryPoints = new Map(this.#found)
  }

  /** Below it all of the log is synced and sound; 0 if nothing is known. */
  recoveryPoint(topic: string, partition: number): bigint {
    const key = `${topic} ${partition}`
    return this.#logs.get(key)?.recoveryPoint ?? this.#found.get(key) ?? 0n
  }

  /** The log is open: its offsets are in the files from now on. */
  add(log: CheckpointedLog): void {
    this.#logs.set(keyOf(log), log)
    this.#found.delete(keyOf(log))
  }

  /** The log is deleted. What the file says of its name is true of none that is made later: `forget` it before. */
  remove(topic: string, partition: number): void {
    const key = `${topic} ${partition}`
    const log = this.#logs.get(key)
    this.#logs.delete(key)
    this.#found.delete(key)
    if (log !== undefined) {
      this.#moved.delete(log)
      this.#resting.delete(log)
    }
  }

  /** Before a log is made: settled when the file says nothing of its name. */
  async forget(topic: string, partition: number): Promise<void> {
    this.remove(topic, partition)
    if (this.#recoveryPoints.has(`${topic} ${partition}`)) await this.#save()
  }

  /** Before a log is cut, with its recovery point lowered: settled when no start takes more on trust than that. */
  async lower(log: CheckpointedLog): Promise<void> {
    // What is being written now may be higher.
    await this.#writing
    const known = this.#recoveryPoints.get(keyOf(log))
    if (known !== undefined && known > log.recoveryPoint) await this.#save()
  }

  /** So much was appended to a log. */
  appended(log: CheckpointedLog, bytes: number): void {
    if (this.#ended) return
    this.#moved.add(log)
    this.#bytes += bytes
    const isSoonEnough = this.#isHurried || this.#bytes <= bytesBetweenMax
    if (!this.#isRunning && (this.#recoveryPointTimer === null || !isSoonEnough)) this.#arm()
    this.#highWatermarkTimer ??= this.#options.time.after(this.#options.intervals.highWatermarkMs, () => {
      this.#highWatermarkTimer = null
      void this.#orSay(this.#inOrder(() => this.#writeHighWatermarks()))
    })
  }

  /** At a stop, after all logs were closed: writes what they came to. */
  async finish(): Promise<void> {
    this.#end()
    await this.#round
    await this.#save()
    await this.#inOrder(() => this.#writeHighWatermarks())
  }

  /** Nothing is written any more; settled when nothing is under way. */
  async abandon(): Promise<void> {
    this.#end()
    await this.#round
    await this.#writing
  }

  #end(): void {
    this.#ended = true
    this.#recoveryPointTimer?.cancel()
    this.#highWatermarkTimer?.cancel()
  }

  #arm(): void {
    if (this.#ended) return
    const { time, intervals } = this.#options
    this.#isHurried = this.#bytes > bytesBetweenMax
    const hurriedMs = Math.min(Math.max(0, this.#earliestMs - time.nowMs()), afterLoadMinMs)
    this.#recoveryPointTimer?.cancel()
    this.#recoveryPointTimer = time.after(this.#isHurried ? hurriedMs : intervals.recoveryPointMs, () => {
      this.#round = this.#orSay(this.#checkpoint())
    })
  }

  async #checkpoint(): Promise<void> {
    this.#isRunning = true
    this.#recoveryPointTimer = null
    this.#isHurried = false
    const [moved, resting] = [this.#moved, this.#resting]
    this.#moved = new Set()
    this.#resting = moved
    this.#bytes = 0
    try {
      for (const log of moved) await log.checkpoint(false)
      for (const log of resting) if (!moved.has(log)) await log.checkpoint(true)
      await this.#save()
    } finally {
      this.#isRunning = false
      this.#earliestMs = this.#options.time.nowMs() + betweenMinMs
      if (this.#moved.size > 0 || this.#resting.size > 0) this.#arm()
    }
  }

  /** Once what is under way is done; rejects if it cannot be written. All who ask meanwhile share it. */
  #save(): Promise<void> {
    if (this.#queued !== null) return this.#queued
    const saving = this.#inOrder(() => {
      this.#queued = null
      return this.#writeRecoveryPoints()
    })
    this.#queued = saving
    return saving
  }

  async #writeRecoveryPoints(): Promise<void> {
    const points = new Map(this.#found)
    for (const [key, log] of this.#logs) points.set(key, log.recoveryPoint)
    if (isSame(points, this.#recoveryPoints)) return
    await this.#options.files.save(recoveryPointsFile, encodeCheckpoint([...points].map(([key, offset]) => `${key} ${offset}`)))
    this.#recoveryPoints = points
  }

  async #writeHighWatermarks(): Promise<void> {
    const entries = [...this.#logs].map(([key, log]) => `${key} ${log.durableEnd}`)
    await this.#options.files.save(highWatermarksFile, encodeCheckpoint(entries))
  }

  #inOrder(run: () => Promise<void>): Promise<void> {
    const writing = this.#writing.then(run)
    this.#writing = writing.catch(() => {})
    return writing
  }

  /** What a timer asked for: nobody waits for it, and the next time is soon. */
  async #orSay(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#options.logger.error(
        { err: error },
        'The checkpoint files of a data directory cannot be written. Nothing is lost, but a start after a crash takes longer. ' +
          'Look for a full disk or missing permissions.',
      )
    }
  }
}

function keyOf(log: Pick<CheckpointedLog, 'topic' | 'partition'>): string {
  return `${log.topic} ${log.partition}`
}

function isSame(one: ReadonlyMap<string, bigint>, other: ReadonlyMap<string, bigint>): boolean {
  if (one.size !== other.size) return false
  for (const [key, offset] of one) if (other.get(key) !== offset) return false
  return true
}
