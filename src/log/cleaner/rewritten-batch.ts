import {
  batchPrefixBytes,
  encodeAttributes,
  RecordBatch,
  recordBatchHeaderBytes,
} from '../../../protocol/records/record-batch.ts'

interface NewRecords {
  readonly count: number
  readonly baseTimestamp: bigint
  /** Of the records; with LogAppendTime that of the header holds on. */
  readonly maxTimestamp: bigint
  /** The base timestamp is the delete horizon (KIP-534). */
  readonly isDoomed: boolean
}

/** A batch of magic 2 with the header of `batch` and other records, packed by its codec. Offsets, sequences and epochs are the same. */
export function withRecords(batch: RecordBatch, packed: Buffer, records: NewRecords): Buffer {
  const bytes = Buffer.allocUnsafe(recordBatchHeaderBytes + packed.length)
  batch.bytes.copy(bytes, 0, batch.position, batch.position + recordBatchHeaderBytes)
  packed.copy(bytes, recordBatchHeaderBytes)
  const logAppendTime = batch.timestampType === 'LogAppendTime'
  bytes.writeInt32BE(bytes.length - batchPrefixBytes, 8)
  bytes.writeInt16BE(
    encodeAttributes({
      compressionId: batch.compressionId,
      logAppendTime,
      transactional: batch.isTransactional,
      control: batch.isControl,
      deleteHorizon: records.isDoomed,
    }),
    21,
  )
  bytes.writeBigInt64BE(records.baseTimestamp, 27)
  if (!logAppendTime) bytes.writeBigInt64BE(records.maxTimestamp, 35)
  bytes.writeInt32BE(records.count, 57)
  bytes.writeUInt32BE(new RecordBatch(bytes).computeCrc(), 17)
  return bytes
}
