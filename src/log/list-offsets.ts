import { recordsOf } from '../../protocol/records/batch-records.ts'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import type { BatchPosition, PartitionStorage } from '../storage/storage.ts'
import { refusedRecords } from './refused-records.ts'
import { storageFailure } from './storage-errors.ts'

/** Answer of ListOffsets; -1 stands for what there is not. */
export interface OffsetAndTimestamp {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly leaderEpoch: number
}

/** ListOffsets' special timestamps. */
const latestTimestamp = -1n
const earliestTimestamp = -2n
const largestTimestamp = -3n
const earliestLocalTimestamp = -4n
const latestTieredTimestamp = -5n
const earliestPendingUploadTimestamp = -6n

const noOffset: OffsetAndTimestamp = { offset: -1n, timestamp: -1n, leaderEpoch: -1 }

/** The part of a log that clients may see; a batch may begin before it. */
export interface VisibleLog {
  readonly storage: PartitionStorage
  readonly start: bigint
  readonly end: bigint
  /** What a compressed batch may unpack to. */
  readonly decompressedBytesMax: number
  readonly startEpoch: number
  readonly leaderEpoch: number
}

/** Every form of ListOffsets, over what is visible now. */
export async function offsetFor(log: VisibleLog, timestamp: bigint): Promise<OffsetAndTimestamp> {
  switch (timestamp) {
    case latestTimestamp:
      return { offset: log.end, timestamp: -1n, leaderEpoch: log.leaderEpoch }
    case earliestTimestamp:
    // No records are kept elsewhere, so the earliest ones here are the earliest of all.
    case earliestLocalTimestamp:
      return { offset: log.start, timestamp: -1n, leaderEpoch: log.startEpoch }
    case latestTieredTimestamp:
    case earliestPendingUploadTimestamp:
      return noOffset
    case largestTimestamp:
      return await failingAsKafka(() => offsetOfMaxTimestamp(log))
    default:
      return await failingAsKafka(() => offsetByTimestamp(log, timestamp))
  }
}

/** The first record at or after a time. */
async function offsetByTimestamp(log: VisibleLog, timestamp: bigint): Promise<OffsetAndTimestamp> {
  const found = await log.storage.batchByTimestamp(timestamp)
  if (found === null) return noOffset
  // The batch may lie below the log's start, or none of its visible records be late enough: then a later one has it.
  for (let from = found; ; ) {
    const batch = await firstBatch(log, from, ({ maxTimestamp }) => maxTimestamp >= timestamp)
    if (batch === null) return noOffset
    const record = await firstRecord(log, batch.baseOffset, timestamp)
    if (record !== null) return record
    from = batch.lastOffset + 1n
  }
}

/** The first record that has the largest timestamp of all. */
async function offsetOfMaxTimestamp(log: VisibleLog): Promise<OffsetAndTimestamp> {
  const found = await log.storage.batchByTimestamp('max')
  if (found === null) return noOffset
  const batch = await firstBatch(log, found, () => true)
  const isVisible = found >= log.start && batch?.baseOffset === found
  const record = isVisible ? await firstRecord(log, found, batch.maxTimestamp) : null
  return record ?? (await searchedMaxTimestamp(log))
}

/** Where the storage's answer lies outside of what is visible (deleted, or not durable yet), all headers are looked at. */
async function searchedMaxTimestamp(log: VisibleLog): Promise<OffsetAndTimestamp> {
  let best: OffsetAndTimestamp = noOffset
  for (let from = log.start; ; ) {
    const batch = await firstBatch(log, from, ({ maxTimestamp }) => maxTimestamp > best.timestamp)
    if (batch === null) return best
    // A batch across the log's start may have lost the record that its header speaks of.
    best = await largestRecord(log, batch.baseOffset, best)
    from = batch.lastOffset + 1n
  }
}

/** The first of the visible batches from `from` on that is wanted, by its header. */
async function firstBatch(
  log: VisibleLog,
  from: bigint,
  isWanted: (batch: RecordBatch) => boolean,
): Promise<BatchPosition | null> {
  const batch = new RecordBatch(noBytes)
  let found: BatchPosition | null = null
  await log.storage.walkHeaders(from > log.start ? from : log.start, (header) => {
    const { baseOffset, lastOffset, maxTimestamp } = batch.moveTo(header, 0)
    if (lastOffset >= log.end) return true
    if (isWanted(batch)) found = { baseOffset, lastOffset, maxTimestamp }
    return found !== null
  })
  return found
}

async function firstRecord(log: VisibleLog, batchOffset: bigint, timestamp: bigint): Promise<OffsetAndTimestamp | null> {
  return await inBatch(log, batchOffset, (batch) => {
    for (const record of recordsOf(batch, log.decompressedBytesMax)) {
      if (record.timestamp >= timestamp && record.offset >= log.start) return answerOf(record, batch)
    }
    return null
  })
}

async function largestRecord(log: VisibleLog, batchOffset: bigint, best: OffsetAndTimestamp): Promise<OffsetAndTimestamp> {
  const found = await inBatch(log, batchOffset, (batch) => {
    let largest = best
    for (const record of recordsOf(batch, log.decompressedBytesMax)) {
      if (record.timestamp > largest.timestamp && record.offset >= log.start) largest = answerOf(record, batch)
    }
    return largest
  })
  return found ?? best
}

function answerOf(record: { readonly offset: bigint; readonly timestamp: bigint }, batch: RecordBatch): OffsetAndTimestamp {
  return { offset: record.offset, timestamp: record.timestamp, leaderEpoch: batch.partitionLeaderEpoch }
}

async function inBatch<T>(log: VisibleLog, offset: bigint, look: (batch: RecordBatch) => T | null): Promise<T | null> {
  const pieces = await log.storage.read(offset, log.end, 1, true)
  try {
    const [first] = pieces
    return first === undefined ? null : look(new RecordBatch(first.bytes))
  } finally {
    for (const piece of pieces) piece.release()
  }
}

const noBytes = Buffer.alloc(0)

async function failingAsKafka<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw refusedRecords(storageFailure(error))
  }
}
