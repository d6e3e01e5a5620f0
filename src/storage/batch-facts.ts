import { InvalidRecords } from '../../protocol/records/invalid-records.ts'
import { batchSizeAt, RecordBatch, recordBatchHeaderBytes } from '../../protocol/records/record-batch.ts'
import type { BatchPosition } from './storage.ts'

/** What a backend needs to know of a batch to keep it. */
export interface BatchFacts extends BatchPosition {
  readonly sizeBytes: number
  /** How much of it `headers` gives: 61 bytes, or all of a small control batch or of an old message set entry. */
  readonly headerBytes: number
}

const view = new RecordBatch(Buffer.alloc(0))

/** Enough bytes to know a batch's facts, if it is not shorter than that. */
export const batchFactsBytes = recordBatchHeaderBytes

/** Of a control batch this much is given whole: what it says stands in its record. Those that end transactions have 78 bytes. */
const controlBytesMax = 1024

/** The facts of the batch at `at`; null if the bytes end before they are known, or cannot begin a batch. */
export function batchFactsAt(bytes: Buffer, at: number): BatchFacts | null {
  const sizeBytes = soundSizeAt(bytes, at)
  if (sizeBytes === null || bytes.length - at < Math.min(sizeBytes, batchFactsBytes)) return null
  const { baseOffset, lastOffset, maxTimestamp, magic, isControl } = view.moveTo(bytes, at)
  if (baseOffset < 0n || lastOffset < baseOffset) return null
  const isWhole = magic < 2 || (isControl && sizeBytes <= controlBytesMax)
  return { baseOffset, lastOffset, maxTimestamp, sizeBytes, headerBytes: isWhole ? sizeBytes : batchFactsBytes }
}

/** Whether the whole batch at `at` is here with a checksum that fits. */
export function isSoundBatchAt(bytes: Buffer, at: number): boolean {
  const facts = batchFactsAt(bytes, at)
  return facts !== null && facts.sizeBytes <= bytes.length - at && view.moveTo(bytes, at).hasValidCrc
}

function soundSizeAt(bytes: Buffer, at: number): number | null {
  try {
    return batchSizeAt(bytes, at)
  } catch (error) {
    if (error instanceof InvalidRecords) return null
    throw error
  }
}
