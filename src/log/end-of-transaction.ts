import { recordsOf } from '../../protocol/records/batch-records.ts'
import {
  buildEndTransactionMarker,
  decodeEndTransactionMarker,
  type EndTransactionMarker,
} from '../../protocol/records/control-record.ts'
import { InvalidRecords } from '../../protocol/records/invalid-records.ts'
import type { RecordBatch } from '../../protocol/records/record-batch.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import { StorageError } from '../storage/storage.ts'
import type { TransactionMarker } from './partition-log.ts'
import type { PreparedBatch } from './prepared-batch.ts'

/** A control batch has one record of a few bytes. */
const unpackedBytesMax = 4096

/** Null if compaction has emptied the batch: nothing is left of its transaction either. */
export function endOfTransactionIn(batch: RecordBatch): EndTransactionMarker | null {
  try {
    for (const { key, value } of recordsOf(batch, unpackedBytesMax)) return decodeEndTransactionMarker(key, value)
    return null
  } catch (error) {
    // To guess would show aborted records to somebody, or hide committed ones.
    if (error instanceof InvalidRecords) {
      throw new StorageError('corrupt', `The control batch at offset ${batch.baseOffset}: ${error.message}`)
    }
    throw error
  }
}

/** The batch that ends a transaction, ready to be appended. It is never compressed. */
export function prepareMarker(marker: TransactionMarker, nowMs: number): PreparedBatch {
  const { producerId, producerEpoch, commit, coordinatorEpoch } = marker
  const timestamp = BigInt(nowMs)
  const bytes = buildEndTransactionMarker({ producerId, producerEpoch, commit, coordinatorEpoch, timestamp })
  return {
    records: new OwnedRecords(bytes),
    sizeBytes: bytes.length,
    maxTimestamp: timestamp,
    by: 'coordinator',
    producerId,
    producerEpoch,
    baseSequence: -1,
    lastOffsetDelta: 0,
    isTransactional: true,
  }
}
