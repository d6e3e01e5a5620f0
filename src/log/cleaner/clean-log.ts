import type { StorageRange } from '../../storage/storage.ts'
import { retentionOf } from './batch-retention.ts'
import { batchesBetween } from './batches-between.ts'
import type { CleanableLog } from './cleanable-log.ts'
import { type BatchCleaning, cleanedBatch } from './cleaned-batch.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { CleaningGivenUp } from './cleaning-given-up.ts'
import { buildOffsetMap } from './dirty-keys.ts'
import type { OffsetMap } from './offset-map.ts'
import type { Pace } from './pace.ts'
import { rangeGroups } from './range-groups.ts'

const longMax = 0x7fff_ffff_ffff_ffffn

/** The part of a log that is to be cleaned. */
export interface DirtyPart {
  /** All below has been cleaned before. */
  readonly firstDirtyOffset: bigint
  /** The border of a range. */
  readonly firstUncleanableOffset: bigint
}

export interface CleaningTools {
  /** For one cleaning at a time. */
  readonly map: OffsetMap
  readonly pace: Pace
  readonly readBytes: number
  readonly nowMs: number
}

export interface CleaningResult {
  /** All below has been cleaned now. */
  readonly endOffset: bigint
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Records without a key, which nothing keeps; their topic was not always compacted. */
  readonly recordsWithoutKey: number
}

/**
 * Leaves of each key the last record only, in two passes: the first notes where in the dirty part each key comes last, the second rewrites
 * all ranges up to there. They are replaced from the oldest on, so that a record never outlives the tombstone that deletes it,
 * whenever the process ends. Throws CleaningGivenUp, StorageError, InvalidRecords.
 */
export async function cleanLog(log: CleanableLog, dirty: DirtyPart, tools: CleaningTools): Promise<CleaningResult> {
  const transactionsOf = async (from: bigint): Promise<CleanedTransactions> =>
    new CleanedTransactions(await log.abortedTransactions(from, dirty.firstUncleanableOffset))
  await buildOffsetMap(log, dirty, tools, await transactionsOf(dirty.firstDirtyOffset))
  const endOffset = tools.map.latestOffset + 1n
  const counts = { bytesBefore: 0, bytesAfter: 0, recordsWithoutKey: 0 }
  const ranges = log.storage.ranges().filter(({ baseOffset }) => baseOffset < endOffset)
  const [first] = ranges
  if (first === undefined || endOffset <= dirty.firstDirtyOffset) return { endOffset: dirty.firstDirtyOffset, ...counts }
  // With durability=page-cache: a record must be on the disk before those go that it replaces.
  await log.storage.flush()
  const transactions = await transactionsOf(first.baseOffset)
  for (const group of rangeGroups(ranges, log.config)) {
    const [from, end] = [group[0]!.baseOffset, group.at(-1)!.endOffset]
    mustHaveBorders(log, from, end)
    await log.replacing(from, end)
    await log.storage.replace(from, end, cleanedGroup(log, group, dirty, tools, transactions, counts))
    await log.abortedLeft(from, end, transactions.takeLeft())
  }
  return { endOffset, ...counts }
}

/** Whoever else changes ranges waits for the cleaning, but a failed log is cut whatever is going on. */
function mustHaveBorders(log: CleanableLog, from: bigint, end: bigint): void {
  const ranges = log.storage.ranges()
  const has = (offset: bigint): boolean => ranges.some(({ baseOffset }) => baseOffset === offset)
  if (!log.isCleanable || !has(from) || !has(end)) throw new CleaningGivenUp()
}

/** What is left of the batches of a group. */
async function* cleanedGroup(
  log: CleanableLog,
  group: readonly StorageRange[],
  dirty: DirtyPart,
  tools: CleaningTools,
  transactions: CleanedTransactions,
  counts: { bytesBefore: number; bytesAfter: number; recordsWithoutKey: number },
): AsyncGenerator<Buffer, void, undefined> {
  const [from, end] = [group[0]!.baseOffset, group.at(-1)!.endOffset]
  const nowMs = BigInt(tools.nowMs)
  const retention = {
    transactions,
    lastOfProducers: log.lastOfProducers(),
    upperBound: dirty.firstUncleanableOffset,
    nowMs,
  }
  const cleaning = batchCleaning(log, tools, () => {
    counts.recordsWithoutKey += 1
  })
  for await (const batch of batchesBetween(log.storage, from, end, tools.readBytes, tools.pace)) {
    counts.bytesBefore += batch.sizeInBytes
    const cleaned = await cleanedBatch(batch, retentionOf(batch, retention), cleaning)
    if (cleaned === null) continue
    counts.bytesAfter += cleaned.length
    await tools.pace.moved(cleaned.length)
    yield cleaned
  }
}

function batchCleaning(log: CleanableLog, { map, nowMs, pace }: CleaningTools, foundWithoutKey: () => void): BatchCleaning {
  const { deleteRetentionMs, maxDecompressedMessageBytes } = log.config
  const horizon = BigInt(nowMs) + BigInt(deleteRetentionMs)
  const { latestOffset } = map
  return {
    staysByKey(offset, { key, hasValue }, deleteHorizonMs) {
      if (offset > latestOffset) return true
      if (key === null) {
        foundWithoutKey()
        return false
      }
      if (offset < map.get(key)) return false
      return hasValue || deleteHorizonMs === null || BigInt(nowMs) < deleteHorizonMs
    },
    newDeleteHorizonMs: horizon > longMax ? longMax : horizon,
    decompressedBytesMax: maxDecompressedMessageBytes,
    pace,
  }
}
