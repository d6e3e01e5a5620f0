import { recordsOfMessageSetEntry } from './message-set.ts'
import { type DecodedRecord, recordsOfBatch } from './record.ts'
import type { RecordBatch } from './record-batch.ts'

/** The records of a batch of any magic. `decompressedBytesMax` bounds what a compressed one may unpack to. */
export function recordsOf(batch: RecordBatch, decompressedBytesMax: number): Generator<DecodedRecord, void, undefined> {
  return batch.magic < 2 ? recordsOfMessageSetEntry(batch, decompressedBytesMax) : recordsOfBatch(batch, decompressedBytesMax)
}

/**
 * The first offset of a batch. That of a compressed wrapper of magic 0 or 1 stands within, since its header has the last.
 */
export function firstOffsetOf(batch: RecordBatch, decompressedBytesMax: number): bigint {
  if (batch.magic >= 2 || batch.compressionId === 0) return batch.baseOffset
  for (const record of recordsOf(batch, decompressedBytesMax)) return record.offset
  return batch.baseOffset
}

/** The offset of the first record that has the batch's largest timestamp; null in magic 0 and where no record has it. */
export function offsetOfMaxTimestamp(batch: RecordBatch, decompressedBytesMax: number): bigint | null {
  if (batch.magic === 0) return null
  const { maxTimestamp } = batch
  for (const record of recordsOf(batch, decompressedBytesMax)) {
    if (record.timestamp === maxTimestamp) return record.offset
  }
  return null
}
