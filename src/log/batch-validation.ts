import { KafkaError } from '../../protocol/errors.ts'
import { type CompressionType, compressionTypeOf } from '../../protocol/records/compression.ts'
import { batchSizeAt, RecordBatch } from '../../protocol/records/record-batch.ts'
import { buildRecordBatch } from '../../protocol/records/record-batch-builder.ts'
import { OwnedRecords, type RecordsSlice } from '../../protocol/records/records-slice.ts'
import type { LogConfig } from './log-config.ts'
import type { PreparedBatch, RecordsOrigin } from './prepared-batch.ts'
import { timestampIsAcceptable, validateRecords, type WalkedRecords } from './record-validation.ts'
import { refusedRecords } from './refused-records.ts'

/** `message.timestamp.before.max.ms` as it is by default: no record is too old. */
const noLimit = 2 ** 63

/**
 * All checks that a batch's own bytes and the topic's settings decide, in Kafka's order. The header and the checksum say
 * enough for most; records are walked only where a setting is about each of them, or to name those that are wrong.
 * Nothing is changed. Throws KafkaError.
 */
export function validateBatch(records: RecordsSlice, origin: RecordsOrigin, config: LogConfig, nowMs: number): PreparedBatch {
  const { by } = origin
  const batch = soleBatch(records.view())
  if (batch.magic !== 2) throw invalid(`Records of magic ${batch.magic} are no longer accepted`)
  if (by === 'client' && batch.baseOffset !== 0n) {
    throw invalid(`The base offset of a produced batch is 0, not ${batch.baseOffset}`)
  }
  // A coordinator keeps to a limit of its own: one that is lowered while it runs must not make its state unwritable.
  if (by === 'client') checkSize(batch.sizeInBytes, config)
  if (!batch.hasValidCrc) throw new KafkaError('CORRUPT_MESSAGE', 'The checksum of the batch does not match its bytes')
  if (by === 'client') checkClientHeader(batch)
  const accepted = withAcceptableRecords(batch, records, config, nowMs)
  if (by === 'client' && accepted.sizeBytes > config.segmentBytes) {
    throw new KafkaError(
      'RECORD_LIST_TOO_LARGE',
      `The batch has ${accepted.sizeBytes} bytes, more than the segment.bytes (${config.segmentBytes}) of the topic`,
    )
  }
  // Written out, not spread: this is done for every batch, and a spread costs more than all the checks.
  return {
    records: accepted.records,
    sizeBytes: accepted.sizeBytes,
    maxTimestamp: accepted.maxTimestamp,
    by,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    lastOffsetDelta: batch.lastOffsetDelta,
    isTransactional: batch.isTransactional,
  }
}

/** Bytes that end before their batch does are no batch to Kafka; more than one is not taken since Produce 3. */
function soleBatch(bytes: Buffer): RecordBatch {
  try {
    const sizeBytes = batchSizeAt(bytes, 0)
    if (sizeBytes === null || sizeBytes > bytes.length) throw invalid('A produced partition needs one whole record batch')
    if (sizeBytes === bytes.length) return new RecordBatch(bytes)
    if (batchSizeAt(bytes, sizeBytes) !== null) throw invalid('A produced partition takes one record batch, not several')
    throw new KafkaError('CORRUPT_MESSAGE', 'Bytes follow the record batch that are none')
  } catch (error) {
    throw refusedRecords(error)
  }
}

function checkSize(sizeBytes: number, config: LogConfig): void {
  if (sizeBytes <= config.maxMessageBytes) return
  const limit = `more than the max.message.bytes (${config.maxMessageBytes}) of the topic`
  throw new KafkaError('MESSAGE_TOO_LARGE', `The batch has ${sizeBytes} bytes, ${limit}`)
}

function checkClientHeader(batch: RecordBatch): void {
  const { count, lastOffsetDelta } = batch
  if (lastOffsetDelta < 0) throw invalid(`The batch ends before it begins (last offset delta ${lastOffsetDelta})`)
  if (count <= 0) throw invalid(`The batch says that it has ${count} records`)
  if (count !== lastOffsetDelta + 1)
    throw invalid(`The batch has ${count} records, but a last offset delta of ${lastOffsetDelta}`)
  if (batch.isControl) throw invalid('Clients do not write control records')
  if (batch.producerId >= 0n && batch.baseSequence < 0) {
    throw invalid(`Producer ${batch.producerId} sent the sequence ${batch.baseSequence}`)
  }
}

type AcceptedRecords = Pick<PreparedBatch, 'records' | 'sizeBytes' | 'maxTimestamp'>

function withAcceptableRecords(batch: RecordBatch, records: RecordsSlice, config: LogConfig, nowMs: number): AcceptedRecords {
  const { compression } = readable(batch)
  const target = targetCompression(compression, config)
  if (target !== compression) return recompressed(batch, validateRecords(batch, config, nowMs, true), target, config)
  const { sizeInBytes: sizeBytes, maxTimestamp } = batch
  if (!mustWalk(batch, config, nowMs)) return { records, sizeBytes, maxTimestamp }
  return { records, sizeBytes, maxTimestamp: validateRecords(batch, config, nowMs, false).maxTimestamp }
}

/** Kafka fails on an unknown codec with an error that says nothing; this one says what is wrong. */
function readable(batch: RecordBatch): { compression: CompressionType } {
  try {
    return { compression: compressionTypeOf(batch.compressionId) }
  } catch (error) {
    throw refusedRecords(error)
  }
}

/** The header's largest timestamp is trusted where it is fine: whatever it says is what readers will see of it. */
function mustWalk(batch: RecordBatch, config: LogConfig, nowMs: number): boolean {
  if (config.compact || batch.timestampType === 'LogAppendTime') return true
  if (config.timestampType === 'LogAppendTime') return false
  return config.timestampBeforeMaxMs < noLimit || !timestampIsAcceptable(batch.maxTimestamp, config, nowMs)
}

function targetCompression(source: CompressionType, config: LogConfig): CompressionType {
  if (config.compression === null) return source
  return config.compression.type === 'uncompressed' ? 'none' : config.compression.type
}

function recompressed(batch: RecordBatch, walked: WalkedRecords, target: CompressionType, config: LogConfig): AcceptedRecords {
  const bytes = buildRecordBatch(walked.records, {
    compression: target,
    compressionLevel: levelOf(config),
    maxTimestamp: walked.maxTimestamp,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
  })
  checkSize(bytes.length, config)
  return { records: new OwnedRecords(bytes), sizeBytes: bytes.length, maxTimestamp: walked.maxTimestamp }
}

/** -1 is the codec's own default. */
function levelOf(config: LogConfig): number | undefined {
  const level = config.compression?.level ?? null
  return level === null || level === -1 ? undefined : level
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_RECORD', message)
}
