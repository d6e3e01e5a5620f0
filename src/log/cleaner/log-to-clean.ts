import { RecordBatch } from '../../../protocol/records/record-batch.ts'
import type { PartitionStorage, StorageRange } from '../../storage/storage.ts'
import type { LogConfig } from '../log-config.ts'
import type { DirtyPart } from './clean-log.ts'
import type { CleanableLog } from './cleanable-log.ts'

/** How much of a log is dirty (`LogToClean`). */
export interface LogToClean extends DirtyPart {
  readonly log: CleanableLog
  /** Of all bytes that a cleaning would go through, those that none has been through. */
  readonly dirtyRatio: number
  /** It is dirty enough, or for long enough. */
  readonly isDue: boolean
}

/** Why a checkpoint does not hold: what is below the log's start is gone, and a log that lost its end may have lost more. */
export type CheckpointDefect = 'below the log start' | 'beyond the log end'

export interface FirstDirty {
  readonly offset: bigint
  readonly defect: CheckpointDefect | null
}

/** From where on a log is dirty, if it was cleaned up to `checkpoint` before. */
export function firstDirty(
  log: Pick<CleanableLog, 'logStartOffset' | 'logEndOffset'>,
  checkpoint: bigint | undefined,
): FirstDirty {
  const { logStartOffset, logEndOffset } = log
  if (checkpoint === undefined) return { offset: logStartOffset, defect: null }
  if (checkpoint < logStartOffset) return { offset: logStartOffset, defect: 'below the log start' }
  if (checkpoint > logEndOffset) return { offset: logStartOffset, defect: 'beyond the log end' }
  return { offset: checkpoint, defect: null }
}

/**
 * What of a log can be cleaned now (`LogCleanerManager.cleanableOffsets`): neither the range that takes the appends, nor what is not stable, nor
 * ranges with records younger than `min.compaction.lag.ms`. Null if there is nothing at all.
 */
export async function logToClean(log: CleanableLog, firstDirtyOffset: bigint, nowMs: number): Promise<LogToClean | null> {
  const ranges = log.storage.ranges()
  const firstUncleanableOffset = firstUncleanable(log, ranges, firstDirtyOffset, nowMs)
  const cleanBytes = bytesOf(ranges.filter(({ baseOffset }) => baseOffset < firstDirtyOffset))
  const dirty = ranges.filter(({ baseOffset, endOffset }) => endOffset > firstDirtyOffset && baseOffset < firstUncleanableOffset)
  const dirtyBytes = bytesOf(dirty)
  if (cleanBytes + dirtyBytes === 0) return null
  const dirtyRatio = dirtyBytes / (cleanBytes + dirtyBytes)
  const isDue =
    dirtyRatio > log.config.minCleanableDirtyRatio ||
    (dirtyBytes > 0 && (await isDirtyTooLong(log.storage, dirty, log.config, nowMs)))
  return { log, firstDirtyOffset, firstUncleanableOffset, dirtyRatio, isDue }
}

/** The first record of the last range has waited for so long that it must become compactable (KIP-354), appends or not. */
export function mustRoll({ storage, config }: CleanableLog, nowMs: number): boolean {
  const firstTimestamp = storage.firstTimestampOfLastRange()
  return firstTimestamp !== null && isTooOld(firstTimestamp, config, nowMs)
}

/** The border of the first range that must be left alone. */
function firstUncleanable(log: CleanableLog, ranges: readonly StorageRange[], firstDirtyOffset: bigint, nowMs: number): bigint {
  const { lastStableOffset, config } = log
  const active = ranges.at(-1)!.baseOffset
  let first = active
  if (lastStableOffset < first) first = lastStableOffset
  if (config.minCompactionLagMs > 0) {
    const young = ranges.find(
      ({ baseOffset, endOffset, maxTimestamp }) =>
        endOffset > firstDirtyOffset && baseOffset < active && Number(maxTimestamp) > nowMs - config.minCompactionLagMs,
    )
    if (young !== undefined && young.baseOffset < first) first = young.baseOffset
  }
  // Kafka too rounds down to a border; nothing is dirty then if it lies below what is clean.
  return ranges.findLast(({ baseOffset }) => baseOffset <= first)?.baseOffset ?? ranges[0]!.baseOffset
}

async function isDirtyTooLong(
  storage: PartitionStorage,
  dirty: readonly StorageRange[],
  config: LogConfig,
  nowMs: number,
): Promise<boolean> {
  // Its default, which is for ever, costs no reads.
  if (config.maxCompactionLagMs >= nowMs) return false
  for (const range of dirty) {
    const timestamp = await firstTimestampOf(storage, range)
    if (timestamp !== null && isTooOld(timestamp, config, nowMs)) return true
  }
  return false
}

function isTooOld(timestamp: bigint, { maxCompactionLagMs }: LogConfig, nowMs: number): boolean {
  return timestamp > 0n && Number(timestamp) < nowMs - maxCompactionLagMs
}

/** Of the first batch that is left of a range. */
async function firstTimestampOf(storage: PartitionStorage, { baseOffset, endOffset }: StorageRange): Promise<bigint | null> {
  let timestamp: bigint | null = null
  await storage.walkHeaders(baseOffset, (header) => {
    const batch = new RecordBatch(header)
    if (batch.baseOffset < endOffset) timestamp = batch.maxTimestamp
    return true
  })
  return timestamp
}

function bytesOf(ranges: readonly StorageRange[]): number {
  return ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
