import type { StorageRange } from '../storage/storage.ts'
import type { LogConfig } from './log-config.ts'

const relativeOffsetMax = 0x7fffffffn

/** The range (Kafka's active segment) that takes the appends, and when it is full. */
export class ActiveRange {
  readonly baseOffset: bigint
  readonly #createdMs: number
  /** So that segments of many partitions made at one time do not all end at one time. */
  readonly #jitterMs: number
  #sizeBytes: number
  /** Of its first batch; null while it is empty. */
  #firstTimestamp: bigint | null

  constructor(
    range: Pick<StorageRange, 'baseOffset' | 'sizeBytes' | 'createdMs'>,
    firstTimestamp: bigint | null,
    jitterMs: number,
  ) {
    this.baseOffset = range.baseOffset
    this.#sizeBytes = range.sizeBytes
    this.#createdMs = range.createdMs
    this.#firstTimestamp = firstTimestamp
    this.#jitterMs = jitterMs
  }

  added(sizeBytes: number, maxTimestamp: bigint): void {
    this.#sizeBytes += sizeBytes
    this.#firstTimestamp ??= maxTimestamp
  }

  isFullFor(sizeBytes: number, lastOffset: bigint, maxTimestamp: bigint, config: LogConfig, nowMs: number): boolean {
    if (this.#sizeBytes > config.segmentBytes - sizeBytes) return true
    if (lastOffset - this.baseOffset > relativeOffsetMax) return true
    return this.#sizeBytes > 0 && this.#ageMs(maxTimestamp, nowMs) > segmentMs(config) - this.#jitterMs
  }

  /** By record time, so that a mirrored log rolls like its source; by the clock where the first record has no time. */
  #ageMs(timestamp: bigint, nowMs: number): number {
    if (this.#firstTimestamp !== null && this.#firstTimestamp >= 0n) return Number(timestamp - this.#firstTimestamp)
    return nowMs - this.#createdMs
  }
}

/** What is in the range that takes the appends cannot be compacted: it ends in time for that, too (KIP-354). */
function segmentMs(config: LogConfig): number {
  return config.compact ? Math.min(config.segmentMs, config.maxCompactionLagMs) : config.segmentMs
}
