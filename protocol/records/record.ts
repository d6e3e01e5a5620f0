import { compressionTypeOf, decompress } from './compression.ts'
import { InvalidRecords } from './invalid-records.ts'
import { type RecordBatch, recordBatchHeaderBytes } from './record-batch.ts'
import { incrementSequence } from './sequence.ts'
import { RecordCursor } from './varint.ts'

export interface RecordHeader {
  /** UTF-8, kept as bytes so that a rewritten record stays what it was. */
  readonly key: Buffer
  readonly value: Buffer | null
}

/** One record; its buffers are views of the batch, or of what the batch unpacked to. */
export interface DecodedRecord {
  readonly offset: bigint
  readonly timestamp: bigint
  /** -1 without an idempotent producer. */
  readonly sequence: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

const noHeaders: readonly RecordHeader[] = []

function invalid(message: string): InvalidRecords {
  return new InvalidRecords('invalid', message)
}

/**
 * The records of a magic 2 batch, one at a time. The header's count is checked against what is there, never trusted: one
 * that is too high fails behind the last record, one that is too low before the record that the count ends with, as in
 * Kafka. A count of 0 reads nothing.
 */
export function* recordsOfBatch(batch: RecordBatch, decompressedBytesMax: number): Generator<DecodedRecord, void, undefined> {
  const { count } = batch
  if (count < 0) throw invalid(`Found invalid record count ${count} in magic v2 batch`)
  if (count === 0) return
  const cursor = recordsCursor(batch, decompressedBytesMax)
  const read = recordReader(batch)
  for (let index = 0; index < count; index += 1) {
    if (cursor.remaining === 0) throw invalid('Incorrect declared batch size, premature EOF reached')
    const record = read(cursor)
    if (index === count - 1 && cursor.remaining > 0)
      throw invalid('Incorrect declared batch size, records still remaining in file')
    yield record
  }
}

function recordsCursor(batch: RecordBatch, decompressedBytesMax: number): RecordCursor {
  const start = batch.position + recordBatchHeaderBytes
  if (batch.compressionId === 0) return new RecordCursor(batch.bytes, start, batch.end)
  const records = decompress(compressionTypeOf(batch.compressionId), batch.bytes.subarray(start, batch.end), decompressedBytesMax)
  return new RecordCursor(records, 0, records.length)
}

/** A reader that has the batch's part of each record at hand. */
function recordReader(batch: RecordBatch): (cursor: RecordCursor) => DecodedRecord {
  const { baseOffset, baseTimestamp, baseSequence, maxTimestamp } = batch
  const logAppendTime = batch.timestampType === 'LogAppendTime'
  return (cursor) => {
    const end = enterRecord(cursor)
    const batchEnd = cursor.end
    cursor.end = end
    cursor.readByte()
    const timestampDelta = cursor.readVarlong()
    const offsetDelta = cursor.readVarint()
    const key = readNullable(cursor)
    const value = readNullable(cursor)
    const headers = readHeaders(cursor)
    if (cursor.position !== end) throw invalid(`Invalid record size: ${end - cursor.position} bytes follow the headers`)
    cursor.end = batchEnd
    return {
      offset: BigInt.asIntN(64, baseOffset + BigInt(offsetDelta)),
      timestamp: logAppendTime ? maxTimestamp : BigInt.asIntN(64, baseTimestamp + timestampDelta),
      sequence: baseSequence < 0 ? -1 : incrementSequence(baseSequence, offsetDelta) | 0,
      key,
      value,
      headers,
    }
  }
}

/** Where the record ends whose length comes next. */
function enterRecord(cursor: RecordCursor): number {
  const lengthBytes = cursor.readVarint()
  if (lengthBytes < 0 || lengthBytes > cursor.remaining) {
    throw invalid(`Invalid record size: ${lengthBytes} bytes, but ${cursor.remaining} remain`)
  }
  return cursor.position + lengthBytes
}

/** Any negative length is null, not only -1. */
function readNullable(cursor: RecordCursor): Buffer | null {
  const lengthBytes = cursor.readVarint()
  return lengthBytes < 0 ? null : cursor.slice(lengthBytes)
}

function readHeaders(cursor: RecordCursor): readonly RecordHeader[] {
  const count = cursor.readVarint()
  if (count === 0) return noHeaders
  if (count < 0 || count > cursor.remaining) throw invalid(`Found invalid number of record headers ${count}`)
  const headers: RecordHeader[] = []
  for (let index = 0; index < count; index += 1) {
    const key = readNullable(cursor)
    if (key === null) throw invalid('Invalid negative header key size')
    headers.push({ key, value: readNullable(cursor) })
  }
  return headers
}
