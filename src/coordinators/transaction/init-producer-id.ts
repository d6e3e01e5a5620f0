import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import { abortFencing } from './abort.ts'
import { isExhausted, newTransaction, noProducerEpoch, noProducerId, type Transaction } from './transaction.ts'
import type { InitProducerIdRequest, InitProducerIdResponse, TransactionInput } from './transaction-request.ts'
import { isPrepared } from './transaction-state.ts'
import { type InitializedProducer, initialized } from './transitions.ts'
import type { Turn } from './turn.ts'

/** The producer that asks says who it was (KIP-360), or nothing. */
interface Expected {
  readonly id: bigint
  readonly epoch: number
}

/** Gives the transactional id to the producer that asks, and fences all before it. */
export function initProducerId(
  known: Transaction | undefined,
  input: TransactionInput,
  request: InitProducerIdRequest,
  turn: Turn,
): void {
  const answer = init(known, input, request, turn)
  if (answer === null) return
  if (typeof answer === 'string') turn.reply<InitProducerIdResponse>(input.id, refusal(answer, input.caller.version))
  else turn.reply<InitProducerIdResponse>(input.id, { errorCode: 0, ...answer })
}

interface Given {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Null: it waits for a producer id. */
function init(
  known: Transaction | undefined,
  input: TransactionInput,
  request: InitProducerIdRequest,
  turn: Turn,
): Given | ErrorName | null {
  const transactionalId = request.transactionalId ?? ''
  const refused = requestError(request, turn)
  if (refused !== null) return refused
  if (turn.isPending(transactionalId) || (known !== undefined && isPrepared(known.state))) return 'CONCURRENT_TRANSACTIONS'
  if (known === undefined) {
    const drawn = turn.drawProducerId(transactionalId, input)
    if (drawn === null) return null
    if (drawn.kind === 'refused') return drawn.error
    return write(newTransaction(transactionalId, drawn.producerId), firstProducer(drawn.producerId, request), turn)
  }
  const expected = expectedProducer(request)
  if (expected !== null && !mayAsk(known, expected)) return 'PRODUCER_FENCED'
  // The epoch that fences is never given out: when the client asks again, it gets the next one.
  if (known.state === 'Ongoing') return abortFencing(known, input, turn)
  return next(known, expected, input, request, turn)
}

function requestError(request: InitProducerIdRequest, turn: Turn): ErrorName | null {
  const { transactionalId, producerId = noProducerId, producerEpoch = noProducerEpoch, transactionTimeoutMs } = request
  if ((producerId === noProducerId) !== (producerEpoch === noProducerEpoch)) return 'INVALID_REQUEST'
  if (transactionalId === null || transactionalId === '') return 'INVALID_REQUEST'
  if (transactionTimeoutMs <= 0 || transactionTimeoutMs > turn.settings.maxTimeoutMs) return 'INVALID_TRANSACTION_TIMEOUT'
  return null
}

function expectedProducer({
  producerId = noProducerId,
  producerEpoch = noProducerEpoch,
}: InitProducerIdRequest): Expected | null {
  return producerId === noProducerId ? null : { id: producerId, epoch: producerEpoch }
}

/** Also as it was before its epochs were used up: the answer with the new producer id may have been lost. */
function mayAsk(known: Transaction, expected: Expected): boolean {
  if (expected.id === known.producerId) return true
  return expected.id === known.previousProducerId && isExhausted(expected.epoch)
}

function next(
  known: Transaction,
  expected: Expected | null,
  input: TransactionInput,
  request: InitProducerIdRequest,
  turn: Turn,
): Given | ErrorName | null {
  const { producerId, producerEpoch, lastProducerEpoch } = known
  const timeoutMs = request.transactionTimeoutMs
  // Whoever says the epoch that is current goes on after an error; that nobody else came between is what its retry shows.
  const isCurrent = expected === null || expected.epoch === producerEpoch
  const lastOfNext = expected === null ? noProducerEpoch : producerEpoch
  if (!isCurrent) {
    // Kafka fails with UNKNOWN_SERVER_ERROR where the epoch is exhausted; both answers hold there as well.
    if (expected.epoch !== lastProducerEpoch) return 'PRODUCER_FENCED'
    return write(known, { producerId, producerEpoch, lastProducerEpoch, timeoutMs }, turn)
  }
  if (!isExhausted(producerEpoch)) {
    return write(known, { producerId, producerEpoch: producerEpoch + 1, lastProducerEpoch: lastOfNext, timeoutMs }, turn)
  }
  const drawn = turn.drawProducerId(known.transactionalId, input)
  if (drawn === null) return null
  if (drawn.kind === 'refused') return drawn.error
  return write(known, { producerId: drawn.producerId, producerEpoch: 0, lastProducerEpoch: lastOfNext, timeoutMs }, turn)
}

function firstProducer(producerId: bigint, { transactionTimeoutMs }: InitProducerIdRequest): InitializedProducer {
  return { producerId, producerEpoch: 0, lastProducerEpoch: noProducerEpoch, timeoutMs: transactionTimeoutMs }
}

function write(before: Transaction, producer: InitializedProducer, turn: Turn): Given | ErrorName {
  const made = initialized(before, producer, turn.nowMs)
  // What Kafka makes of a record that is too large for its topic.
  if (!turn.writeIfFits(made)) return 'UNKNOWN_SERVER_ERROR'
  return { producerId: producer.producerId, producerEpoch: producer.producerEpoch }
}

function refusal(error: ErrorName, version: number): InitProducerIdResponse {
  // KIP-588: before version 4 nobody knows PRODUCER_FENCED.
  const said = error === 'PRODUCER_FENCED' && version < 4 ? 'INVALID_PRODUCER_EPOCH' : error
  return { errorCode: errorCode(said), producerId: noProducerId, producerEpoch: noProducerEpoch }
}
