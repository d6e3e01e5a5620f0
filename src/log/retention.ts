import type { StorageRange } from '../storage/storage.ts'
import type { LogConfig } from './log-config.ts'

/** What of a log decides which of its segments go. */
export interface RetainedLog {
  readonly ranges: readonly StorageRange[]
  readonly logStartOffset: bigint
  /** Nothing at or above it goes: the log start offset never passes the high watermark. */
  readonly highWatermark: bigint
  /** When the last batch came, where that is known. */
  readonly lastAppendMs: number
}

export interface ExpiredSegments {
  /** They end here: the new log start offset. */
  readonly before: bigint
  readonly count: number
  readonly sizeBytes: number
  /** The settings, or the start, that they breach. */
  readonly because: readonly ('log start offset' | 'retention.bytes' | 'retention.ms')[]
}

export interface RetentionVerdict {
  readonly expired: ExpiredSegments | null
  /** A record from the future keeps this segment, and all behind it, beyond their time. */
  readonly heldByFuture: StorageRange | null
}

type Breaches = (range: StorageRange, next: StorageRange | undefined) => boolean

/**
 * Which segments, the oldest first, a topic's settings let go (Kafka's `UnifiedLog.deleteOldSegments`): those wholly below the log start
 * offset whatever the policy; with the policy delete, those without which the log is still as large as `retention.bytes`, then those whose
 * newest record is older than `retention.ms`. The first that stays keeps all behind it.
 */
export function retentionOf(log: RetainedLog, config: LogConfig, nowMs: number): RetentionVerdict {
  const passing = new Passing(log)
  passing.pass('log start offset', (_range, next) => next !== undefined && next.baseOffset <= log.logStartOffset)
  if (!config.delete) return { expired: passing.expired, heldByFuture: null }
  let excessBytes = passing.sizeBytesLeft - config.retentionBytes
  if (config.retentionBytes >= 0 && excessBytes >= 0) {
    passing.pass('retention.bytes', ({ sizeBytes }) => {
      if (excessBytes < sizeBytes) return false
      excessBytes -= sizeBytes
      return true
    })
  }
  let heldByFuture: StorageRange | null = null
  if (config.retentionMs >= 0) {
    passing.pass('retention.ms', (range, next) => {
      const newestMs = newestRecordMs(range, next, log.lastAppendMs)
      if (newestMs > nowMs) heldByFuture = range
      return nowMs - newestMs > config.retentionMs
    })
  }
  return { expired: passing.expired, heldByFuture }
}

/** Where no record has a time: when the segment was last written to, which was before the next one was made. */
function newestRecordMs(range: StorageRange, next: StorageRange | undefined, lastAppendMs: number): number {
  if (range.maxTimestamp >= 0n) return Number(range.maxTimestamp)
  return next === undefined ? Math.max(range.createdMs, lastAppendMs) : next.createdMs
}

/** Goes through the segments from the oldest on; one rule begins where the one before it stopped. */
class Passing {
  readonly #log: RetainedLog
  readonly #because: ExpiredSegments['because'][number][] = []
  #count = 0

  constructor(log: RetainedLog) {
    this.#log = log
  }

  pass(reason: ExpiredSegments['because'][number], breaches: Breaches): void {
    const before = this.#count
    const { ranges, highWatermark } = this.#log
    for (let range = ranges[this.#count]; range !== undefined; range = ranges[this.#count]) {
      const next = ranges[this.#count + 1]
      const isLastAndEmpty = next === undefined && range.sizeBytes === 0
      if (isLastAndEmpty || range.endOffset > highWatermark || !breaches(range, next)) break
      this.#count += 1
    }
    if (this.#count > before) this.#because.push(reason)
  }

  get sizeBytesLeft(): number {
    return sizeOf(this.#log.ranges.slice(this.#count))
  }

  get expired(): ExpiredSegments | null {
    const last = this.#log.ranges[this.#count - 1]
    if (last === undefined) return null
    const sizeBytes = sizeOf(this.#log.ranges.slice(0, this.#count))
    return { before: last.endOffset, count: this.#count, sizeBytes, because: this.#because }
  }
}

function sizeOf(ranges: readonly StorageRange[]): number {
  return ranges.reduce((sum, range) => sum + range.sizeBytes, 0)
}
