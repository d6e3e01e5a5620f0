import { compressInBackground, decompressInBackground } from '../../../protocol/records/background-compression.ts'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import type { DecodedRecord } from '../../../protocol/records/record.ts'
import { type RecordBatch, recordBatchHeaderBytes } from '../../../protocol/records/record-batch.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import type { BatchRetention } from './batch-retention.ts'
import type { Pace } from './pace.ts'
import { RecordSpans } from './record-spans.ts'
import { RetainedRecords } from './retained-records.ts'
import { withRecords } from './rewritten-batch.ts'

/** What of a record decides whether it stays; the offset is the record's own. */
export interface RecordToJudge {
  readonly key: Buffer | null
  readonly hasValue: boolean
}

export interface BatchCleaning {
  /** Whether a record is the last of its key, and, if it deletes the key, still has to be seen by readers. */
  readonly staysByKey: (offset: bigint, record: RecordToJudge, deleteHorizonMs: bigint | null) => boolean
  /** For tombstones and markers that are met for the first time (KIP-534). */
  readonly newDeleteHorizonMs: bigint
  readonly decompressedBytesMax: number
  readonly pace: Pace
}

/** The batch as it stays: the same bytes, with fewer records, without any, or null. Offsets and sequences never change. */
export async function cleanedBatch(
  batch: RecordBatch,
  retention: BatchRetention,
  cleaning: BatchCleaning,
): Promise<Buffer | null> {
  if (retention.dropsRecords || batch.count === 0) return retention.keepsHeader ? emptied(batch) : null
  if (batch.magic < 2) return converted(batch, retention, cleaning)
  const spans = await spansOf(batch, cleaning.decompressedBytesMax)
  const retained = await retainedOf(batch, spans, cleaning)
  if (retained.count === 0) return retention.keepsHeader ? emptied(batch) : null
  const isNewlyDoomed = (retained.hasTombstones || retention.endsNothing) && !batch.hasDeleteHorizon
  if (!isNewlyDoomed && retained.count === batch.count) return batch.bytes.subarray(batch.position, batch.end)
  const baseTimestamp = isNewlyDoomed ? cleaning.newDeleteHorizonMs : batch.baseTimestamp
  const records = retained.bytes(batch.baseTimestamp, baseTimestamp)
  const packed = await compressInBackground(batch.compression, records)
  const { count, maxTimestamp } = retained
  return withRecords(batch, packed, { count, baseTimestamp, maxTimestamp, isDoomed: isNewlyDoomed || batch.hasDeleteHorizon })
}

/** Throws InvalidRecords, also where the checksum does not fit: what such a batch says could cost others their records. */
export async function spansOf(batch: RecordBatch, decompressedBytesMax: number): Promise<RecordSpans> {
  batch.ensureValid()
  const { bytes, end, count } = batch
  const start = batch.position + recordBatchHeaderBytes
  if (count === 0) return new RecordSpans(bytes, end, end, 0)
  if (batch.compressionId === 0) return new RecordSpans(bytes, start, end, count)
  const unpacked = await decompressInBackground(batch.compression, bytes.subarray(start, end), decompressedBytesMax)
  return new RecordSpans(unpacked, 0, unpacked.length, count)
}

async function retainedOf(batch: RecordBatch, spans: RecordSpans, { staysByKey, pace }: BatchCleaning): Promise<RetainedRecords> {
  const { baseOffset, baseTimestamp, deleteHorizonMs, isControl } = batch
  const retained = new RetainedRecords(spans.bytes)
  while (spans.next()) {
    if (pace.isDue) await pace.rest()
    if (isControl || staysByKey(baseOffset + BigInt(spans.offsetDelta), spans, deleteHorizonMs))
      retained.add(spans, baseTimestamp)
  }
  return retained
}

function emptied(batch: RecordBatch): Buffer {
  if (batch.count === 0) return batch.bytes.subarray(batch.position, batch.end)
  return buildRecordBatch([], {
    ...headerOf(batch),
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    maxTimestamp: batch.maxTimestamp,
    ...(batch.timestampType === 'LogAppendTime' ? { logAppendTimeMs: batch.maxTimestamp } : {}),
  })
}

function headerOf({ partitionLeaderEpoch, producerId, producerEpoch, baseSequence, isTransactional, isControl }: RecordBatch) {
  return { partitionLeaderEpoch, producerId, producerEpoch, baseSequence, isTransactional, isControl }
}

/** What is kept of magic 0 and 1 becomes a batch of magic 2, as in Kafka: only there can a tombstone have a delete horizon. */
function converted(batch: RecordBatch, { keepsHeader }: BatchRetention, cleaning: BatchCleaning): Buffer | null {
  batch.ensureValid()
  const records: DecodedRecord[] = []
  for (const record of recordsOf(batch, cleaning.decompressedBytesMax)) {
    if (cleaning.staysByKey(record.offset, { key: record.key, hasValue: record.value !== null }, null)) records.push(record)
  }
  const [first] = records
  if (first === undefined) return keepsHeader ? emptied(batch) : null
  const isDoomed = records.some(({ value }) => value === null)
  return buildRecordBatch(records, {
    baseOffset: first.offset,
    compression: batch.compression,
    ...(batch.timestampType === 'LogAppendTime' ? { logAppendTimeMs: batch.maxTimestamp } : {}),
    ...(isDoomed ? { deleteHorizonMs: cleaning.newDeleteHorizonMs } : {}),
  })
}
