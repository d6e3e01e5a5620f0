import { type ErrorName, KafkaError } from '../../protocol/errors.ts'
import { recordsOf } from '../../protocol/records/batch-records.ts'
import type { DecodedRecord } from '../../protocol/records/record.ts'
import type { RecordBatch } from '../../protocol/records/record-batch.ts'
import type { LogConfig } from './log-config.ts'
import { refusedRecords } from './refused-records.ts'

/** More of a batch's records are not named: the answer to a small batch of tiny records would dwarf it. */
const recordErrorsMax = 1000

interface RecordProblem {
  readonly code: ErrorName
  readonly message: string
}

/** What walking the records gave. */
export interface WalkedRecords {
  /** -1 where no record has one. */
  readonly maxTimestamp: bigint
  /** Kept only where they are to be written anew. */
  readonly records: readonly DecodedRecord[]
}

/** Looks at every record; throws KafkaError with all that are wrong (KIP-467). */
export function validateRecords(batch: RecordBatch, config: LogConfig, nowMs: number, keep: boolean): WalkedRecords {
  const records: DecodedRecord[] = []
  const problems: { readonly index: number; readonly problem: RecordProblem }[] = []
  let maxTimestamp = -1n
  let index = 0
  try {
    for (const record of recordsOf(batch, config.maxDecompressedMessageBytes)) {
      const problem = problemOf(record, batch, config, nowMs)
      if (problem !== null && problems.length < recordErrorsMax) problems.push({ index, problem })
      if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
      if (keep) records.push(record)
      index += 1
    }
  } catch (error) {
    throw refusedRecords(error)
  }
  if (problems.length > 0) throw refused(problems)
  return { maxTimestamp, records }
}

function problemOf(record: DecodedRecord, batch: RecordBatch, config: LogConfig, nowMs: number): RecordProblem | null {
  if (config.compact && record.key === null) {
    return { code: 'INVALID_RECORD', message: 'A record without a key cannot be kept in a compacted topic' }
  }
  if (batch.timestampType === 'LogAppendTime') {
    return { code: 'INVALID_TIMESTAMP', message: 'Only the broker may set the timestamp type LogAppendTime' }
  }
  const { timestamp } = record
  if (timestampIsAcceptable(timestamp, config, nowMs)) return null
  const earliest = nowMs - config.timestampBeforeMaxMs
  const latest = nowMs + config.timestampAfterMaxMs
  return { code: 'INVALID_TIMESTAMP', message: `Timestamp ${timestamp} is outside of ${earliest} to ${latest}` }
}

/** -1 is legal (some clients set no time at all), and with LogAppendTime the producer's time does not matter. */
export function timestampIsAcceptable(timestamp: bigint, config: LogConfig, nowMs: number): boolean {
  if (timestamp === -1n || config.timestampType === 'LogAppendTime') return true
  const ageMs = nowMs - Number(timestamp)
  return ageMs <= config.timestampBeforeMaxMs && -ageMs <= config.timestampAfterMaxMs
}

/** One record with a bad time makes the whole batch's error INVALID_TIMESTAMP. */
function refused(problems: readonly { readonly index: number; readonly problem: RecordProblem }[]): KafkaError {
  const recordErrors = problems.map(({ index, problem }) => ({ index, message: problem.message }))
  if (problems.some(({ problem }) => problem.code === 'INVALID_TIMESTAMP')) {
    return new KafkaError('INVALID_TIMESTAMP', 'One or more records have been rejected due to invalid timestamp', {
      recordErrors,
    })
  }
  const message = `One or more records have been rejected due to ${problems.length} record errors in total`
  return new KafkaError('INVALID_RECORD', message, { recordErrors })
}
