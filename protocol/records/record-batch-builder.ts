import { type CompressionType, compress, compressionTypes } from './compression.ts'
import { batchPrefixBytes, encodeAttributes, RecordBatch, recordBatchHeaderBytes } from './record-batch.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.ts'

/** Text is written as UTF-8. */
export interface RecordToWrite {
  /** Without it: one more than the record before, or the batch's base offset. Compaction leaves gaps. */
  readonly offset?: bigint
  readonly timestamp: bigint
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly { readonly key: Buffer | string; readonly value: Buffer | string | null }[]
}

export interface RecordBatchOptions {
  readonly baseOffset?: bigint
  /** Where the batch ends, if that is behind its last record: compaction keeps the ends of a batch. */
  readonly lastOffset?: bigint
  readonly partitionLeaderEpoch?: number
  readonly compression?: CompressionType
  readonly compressionLevel?: number
  /** Makes the timestamp type LogAppendTime; the records keep their own. */
  readonly logAppendTimeMs?: bigint
  /** Without it the largest of the records' timestamps; an emptied batch keeps the one that it had. */
  readonly maxTimestamp?: bigint
  /** Takes the place of the base timestamp (KIP-534). */
  readonly deleteHorizonMs?: bigint
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
}

interface PreparedHeader {
  readonly key: Buffer
  readonly value: Buffer | null
}

interface PreparedRecord {
  readonly bodyBytes: number
  readonly timestampDelta: bigint
  readonly offsetDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly PreparedHeader[]
}

/** One batch of magic 2. */
export function buildRecordBatch(records: readonly RecordToWrite[], options: RecordBatchOptions = {}): Buffer {
  const { baseOffset = 0n, compression = 'none', deleteHorizonMs, logAppendTimeMs } = options
  const baseTimestamp = deleteHorizonMs ?? records[0]?.timestamp ?? -1n
  const prepared = prepareRecords(records, baseOffset, baseTimestamp)
  const recordsBytes = prepared.reduce((sum, record) => sum + sizeOfVarint(record.bodyBytes) + record.bodyBytes, 0)

  const plain = Buffer.allocUnsafe(recordBatchHeaderBytes + recordsBytes)
  let at = recordBatchHeaderBytes
  for (const record of prepared) at = writeRecord(plain, at, record)
  const batch =
    compression === 'none' || records.length === 0 ? plain : withCompressedRecords(plain, compression, options.compressionLevel)

  batch.writeBigInt64BE(baseOffset, 0)
  batch.writeInt32BE(batch.length - batchPrefixBytes, 8)
  batch.writeInt32BE(options.partitionLeaderEpoch ?? -1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(
    encodeAttributes({
      compressionId: compressionTypes.indexOf(compression),
      logAppendTime: logAppendTimeMs !== undefined,
      transactional: options.isTransactional ?? false,
      control: options.isControl ?? false,
      deleteHorizon: deleteHorizonMs !== undefined,
    }),
    21,
  )
  const lastOffset = options.lastOffset ?? baseOffset + BigInt(prepared.at(-1)?.offsetDelta ?? 0)
  batch.writeInt32BE(Number(lastOffset - baseOffset), 23)
  batch.writeBigInt64BE(baseTimestamp, 27)
  batch.writeBigInt64BE(logAppendTimeMs ?? options.maxTimestamp ?? largestTimestamp(records), 35)
  batch.writeBigInt64BE(options.producerId ?? -1n, 43)
  batch.writeInt16BE(options.producerEpoch ?? -1, 51)
  batch.writeInt32BE(options.baseSequence ?? -1, 53)
  batch.writeInt32BE(records.length, 57)
  batch.writeUInt32BE(new RecordBatch(batch).computeCrc(), 17)
  return batch
}

function withCompressedRecords(plain: Buffer, compression: CompressionType, level: number | undefined): Buffer {
  const compressed = compress(compression, plain.subarray(recordBatchHeaderBytes), level)
  const batch = Buffer.allocUnsafe(recordBatchHeaderBytes + compressed.length)
  compressed.copy(batch, recordBatchHeaderBytes)
  return batch
}

function largestTimestamp(records: readonly RecordToWrite[]): bigint {
  let largest = -1n
  for (const { timestamp } of records) {
    if (timestamp > largest) largest = timestamp
  }
  return largest
}

function prepareRecords(records: readonly RecordToWrite[], baseOffset: bigint, baseTimestamp: bigint): PreparedRecord[] {
  let nextDelta = 0
  return records.map((record) => {
    const offsetDelta = record.offset === undefined ? nextDelta : Number(record.offset - baseOffset)
    nextDelta = offsetDelta + 1
    const fields = {
      timestampDelta: record.timestamp - baseTimestamp,
      offsetDelta,
      key: toNullableBytes(record.key),
      value: toNullableBytes(record.value),
      headers: (record.headers ?? []).map(({ key, value }) => ({ key: toBytes(key), value: toNullableBytes(value) })),
    }
    return { ...fields, bodyBytes: bodyBytesOf(fields) }
  })
}

function toBytes(value: Buffer | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}

function toNullableBytes(value: Buffer | string | null): Buffer | null {
  return value === null ? null : toBytes(value)
}

function bodyBytesOf(record: Omit<PreparedRecord, 'bodyBytes'>): number {
  let bytes = 1 + sizeOfVarlong(record.timestampDelta) + sizeOfVarint(record.offsetDelta)
  bytes += nullableBytes(record.key) + nullableBytes(record.value) + sizeOfVarint(record.headers.length)
  for (const { key, value } of record.headers) bytes += nullableBytes(key) + nullableBytes(value)
  return bytes
}

function nullableBytes(value: Buffer | null): number {
  return value === null ? 1 : sizeOfVarint(value.length) + value.length
}

function writeRecord(bytes: Buffer, position: number, record: PreparedRecord): number {
  let at = writeVarint(bytes, position, record.bodyBytes)
  // The attributes of a record: none are in use.
  bytes[at++] = 0
  at = writeVarlong(bytes, at, record.timestampDelta)
  at = writeVarint(bytes, at, record.offsetDelta)
  at = writeNullable(bytes, at, record.key)
  at = writeNullable(bytes, at, record.value)
  at = writeVarint(bytes, at, record.headers.length)
  for (const { key, value } of record.headers) at = writeNullable(bytes, writeNullable(bytes, at, key), value)
  return at
}

function writeNullable(bytes: Buffer, position: number, value: Buffer | null): number {
  if (value === null) return writeVarint(bytes, position, -1)
  const at = writeVarint(bytes, position, value.length)
  return at + value.copy(bytes, at)
}
