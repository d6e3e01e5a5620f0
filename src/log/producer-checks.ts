import { KafkaError } from '../../protocol/errors.ts'
import type { TransactionMarker } from './partition-log.ts'
import type { ProducerEntry, SequencedBatch } from './producer-state.ts'
import type { Verification } from './verification.ts'

const sequenceMax = 0x7fffffff
const epochMax = 0x7fff

export function checkEpoch(entry: ProducerEntry, producerId: bigint, epoch: number): void {
  if (epoch >= entry.epoch) return
  throw new KafkaError('INVALID_PRODUCER_EPOCH', `Producer ${producerId} has epoch ${epoch}, but ${entry.epoch} was seen already`)
}

export function checkSequence(entry: ProducerEntry, batch: SequencedBatch): void {
  const { producerId, producerEpoch, baseSequence } = batch
  if (producerEpoch !== entry.epoch) {
    if (baseSequence === 0 || entry.epoch === -1) return
    throw outOfOrder(`Producer ${producerId} began epoch ${producerEpoch} with sequence ${baseSequence} instead of 0`)
  }
  if (entry.sequenceIsLost && entry.batches.length === 0) return
  const last = entry.batches.at(-1)?.lastSequence ?? -1
  if (baseSequence === last + 1 || (baseSequence === 0 && last === sequenceMax)) return
  throw outOfOrder(`Producer ${producerId} sent sequence ${baseSequence} after ${last}`)
}

/** What was verified first may not be what was sent first. */
export function checkVerifiedSequence(
  verification: Verification,
  entry: ProducerEntry | undefined,
  { producerId, baseSequence }: SequencedBatch,
): void {
  const isFirst = entry === undefined || entry.batches.length === 0
  if (verification.epochBumps && isFirst && baseSequence !== 0) {
    throw outOfOrder(`Producer ${producerId} began a transaction with sequence ${baseSequence} instead of 0`)
  }
  if (baseSequence > verification.lowestSequence) {
    const { lowestSequence } = verification
    throw outOfOrder(
      `Producer ${producerId} sent sequence ${baseSequence} before ${lowestSequence}, which waits for its coordinator`,
    )
  }
}

/** A marker of version 2 has a higher epoch than its transaction; one that comes again has the same, with no transaction left to end. */
export function checkMarker(entry: ProducerEntry, marker: TransactionMarker): void {
  const { producerId, producerEpoch, coordinatorEpoch } = marker
  const bumped = marker.transactionVersion >= 2
  const isAgain = producerEpoch === entry.epoch && (entry.transactionStart < 0n || producerEpoch === epochMax)
  if (producerEpoch < entry.epoch || (bumped && producerEpoch === entry.epoch && !isAgain)) {
    const rule = bumped ? 'which is not below it' : 'which is above it'
    throw new KafkaError(
      'INVALID_PRODUCER_EPOCH',
      `A marker of producer ${producerId} has epoch ${producerEpoch}, but ${entry.epoch} was seen, ${rule}`,
    )
  }
  if (coordinatorEpoch < entry.coordinatorEpoch) {
    throw new KafkaError(
      'TRANSACTION_COORDINATOR_FENCED',
      `A marker of producer ${producerId} comes from coordinator epoch ${coordinatorEpoch}, but ${entry.coordinatorEpoch} was seen already`,
    )
  }
}

function outOfOrder(message: string): KafkaError {
  return new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', message)
}
