import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import { fencingEpoch, hasPartition, type Transaction } from './transaction.ts'
import type { AddPartitions, AddPartitionsAnswer, TransactionInput } from './transaction-request.ts'
import { isPrepared } from './transaction-state.ts'
import { withPartitions } from './transitions.ts'
import type { Turn } from './turn.ts'

/** Adds partitions to a transaction, which begins with the first; or tells which of them are not in it. */
export function addPartitions(known: Transaction | undefined, input: TransactionInput, request: AddPartitions, turn: Turn): void {
  const error = request.verifyOnly ? verifyError(known, request) : add(known, request, turn)
  const isMissing = request.verifyOnly && error === 'NONE' && known !== undefined
  const missing = isMissing ? request.partitions.filter((partition) => !hasPartition(known.partitions, partition)) : []
  turn.reply<AddPartitionsAnswer>(input.id, { errorCode: codeFor(error, input.caller.version), missing })
}

/** Kafka does not ask here what is under way: the leader that asks checks again when it appends. */
function verifyError(known: Transaction | undefined, { transactionalId, producer }: AddPartitions): ErrorName {
  if (transactionalId === '') return 'INVALID_REQUEST'
  if (known === undefined || known.producerId !== producer.id) return 'INVALID_PRODUCER_ID_MAPPING'
  if (known.producerEpoch !== producer.epoch) return 'PRODUCER_FENCED'
  return isPrepared(known.state) ? 'CONCURRENT_TRANSACTIONS' : 'NONE'
}

function add(known: Transaction | undefined, request: AddPartitions, turn: Turn): ErrorName {
  const { transactionalId, producer, partitions, transactionVersion } = request
  if (transactionalId === '') return 'INVALID_REQUEST'
  if (known === undefined) return 'INVALID_PRODUCER_ID_MAPPING'
  // First, since the producer may go on already with the producer id that comes with Complete*.
  if (turn.isPending(transactionalId) || isPrepared(known.state)) return 'CONCURRENT_TRANSACTIONS'
  if (known.producerId !== producer.id) return 'INVALID_PRODUCER_ID_MAPPING'
  // Nobody was ever given the epoch that fences; a transaction of it could not be fenced.
  if (known.producerEpoch !== producer.epoch || producer.epoch === fencingEpoch) return 'PRODUCER_FENCED'
  if (known.state === 'Ongoing' && partitions.every((partition) => hasPartition(known.partitions, partition))) return 'NONE'
  if (!turn.canHold(transactionVersion)) return 'UNSUPPORTED_VERSION'
  const added = withPartitions(known, partitions, transactionVersion, turn.nowMs)
  // What Kafka makes of a record that is too large for its topic.
  return turn.writeIfFits(added) ? 'NONE' : 'UNKNOWN_SERVER_ERROR'
}

/** KIP-588: before version 2 nobody knows PRODUCER_FENCED. */
function codeFor(error: ErrorName, version: number): number {
  return errorCode(error === 'PRODUCER_FENCED' && version < 2 ? 'INVALID_PRODUCER_EPOCH' : error)
}
