import type { RecordBatch } from '../../../protocol/records/record-batch.ts'
import type { LastOfProducer } from './cleanable-log.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'

/** What is to become of a batch, before its records are looked at. */
export interface BatchRetention {
  /** None of its records stays, whatever they are. */
  readonly dropsRecords: boolean
  /** Its header stays even if none of its records does. */
  readonly keepsHeader: boolean
  /** It ends a transaction of which nothing is left: it may go once its delete horizon has passed. */
  readonly endsNothing: boolean
}

interface RetentionOptions {
  readonly transactions: CleanedTransactions
  readonly lastOfProducers: ReadonlyMap<bigint, LastOfProducer>
  /** Where the cleaning ends at the latest: the last batch below it tells readers, and the next start, how far the log goes. */
  readonly upperBound: bigint
  readonly nowMs: bigint
}

/** In Kafka's order (`Cleaner.cleanInto`). To be asked for every batch once, in order: it moves `transactions` on. */
export function retentionOf(
  batch: RecordBatch,
  { transactions, lastOfProducers, upperBound, nowMs }: RetentionOptions,
): BatchRetention {
  const { deleteHorizonMs } = batch
  const keepsHeader = batch.nextOffset === upperBound || isLastOf(batch, lastOfProducers.get(batch.producerId))
  if (!batch.isControl) return { dropsRecords: transactions.metBatch(batch), keepsHeader, endsNothing: false }
  const left = transactions.metControlBatch(batch)
  const isPast = deleteHorizonMs !== null && deleteHorizonMs <= nowMs
  return { dropsRecords: left === 'nothing' && isPast, keepsHeader, endsNothing: left !== 'records' }
}

/** Of a producer that is still known, the batch with its last sequence stays; where only markers are left, the one with its epoch. */
function isLastOf(batch: RecordBatch, last: LastOfProducer | undefined): boolean {
  if (last === undefined || batch.producerId < 0n) return false
  if (last.lastOffsets.length > 0) return last.lastOffsets.includes(batch.lastOffset)
  return batch.isControl && batch.producerEpoch === last.producerEpoch
}
