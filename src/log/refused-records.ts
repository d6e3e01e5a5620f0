import { type ErrorName, KafkaError } from '../../protocol/errors.ts'
import { InvalidRecords, type InvalidRecordsKind } from '../../protocol/records/invalid-records.ts'

const codes: Record<InvalidRecordsKind, ErrorName> = {
  corrupt: 'CORRUPT_MESSAGE',
  invalid: 'INVALID_RECORD',
  'unsupported-compression': 'UNSUPPORTED_COMPRESSION_TYPE',
  'too-large': 'MESSAGE_TOO_LARGE',
}

/** What a client is told of bytes that cannot be read as records; anything else is a bug and stays what it is. */
export function refusedRecords(error: unknown): unknown {
  return error instanceof InvalidRecords ? new KafkaError(codes[error.kind], error.message) : error
}
