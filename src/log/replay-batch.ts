import type { RecordBatch } from '../../protocol/records/record-batch.ts'
import { endOfTransactionIn } from './end-of-transaction.ts'
import type { ProducerState } from './producer-state.ts'

/**
 * Notes what a batch of the log says of its producer; a control batch must be there whole. `isTail`: the log lacks its beginning, and with it perhaps
 * what the transaction of a marker wrote.
 */
export function replayBatch(batch: RecordBatch, producers: ProducerState, isTail: boolean, nowMs: number): void {
  const { producerId, producerEpoch, baseOffset, maxTimestamp: timestamp } = batch
  if (producerId < 0n) return
  if (!batch.isControl) {
    const { baseSequence: firstSequence, lastSequence, lastOffset } = batch
    const found = { firstSequence, lastSequence, baseOffset, lastOffset, timestamp }
    producers.replay(producerId, producerEpoch, found, batch.isTransactional, nowMs)
    return
  }
  const marker = endOfTransactionIn(batch)
  if (marker === null) return
  producers.replayMarker({ producerId, producerEpoch, ...marker }, { offset: baseOffset, timestamp, nowMs }, isTail)
}
