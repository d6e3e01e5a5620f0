import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import { fencingEpoch, lastClientEpoch, noProducerEpoch, noProducerId, type Transaction } from './transaction.ts'
import type { EndTxnRequest, EndTxnResponse, TransactionInput } from './transaction-request.ts'
import { isPrepared, type PreparedState, type TransactionState } from './transaction-state.ts'
import { bumpsEpochs, completed, prepared, takesProducerId } from './transitions.ts'
import type { Turn } from './turn.ts'

/** `prepare`: the transaction ends now; NONE: it has ended so already, and this is the same request again. */
type Verdict = 'prepare' | 'NONE' | 'INVALID_TXN_STATE' | 'PRODUCER_FENCED'
type Verdicts = Readonly<Record<Exclude<TransactionState, PreparedState>, { readonly commit: Verdict; readonly abort: Verdict }>>

/** The producer keeps its epoch, so that only the state can tell a retry. */
const withoutEpochs: Verdicts = {
  Empty: { commit: 'INVALID_TXN_STATE', abort: 'INVALID_TXN_STATE' },
  Ongoing: { commit: 'prepare', abort: 'prepare' },
  CompleteCommit: { commit: 'NONE', abort: 'INVALID_TXN_STATE' },
  CompleteAbort: { commit: 'INVALID_TXN_STATE', abort: 'NONE' },
}

/** Each end takes an epoch: with the current one it is the next end. A producer that is unsure aborts, begun or not. */
const currentEpoch: Verdicts = {
  Empty: { commit: 'INVALID_TXN_STATE', abort: 'prepare' },
  Ongoing: { commit: 'prepare', abort: 'prepare' },
  CompleteCommit: { commit: 'INVALID_TXN_STATE', abort: 'prepare' },
  CompleteAbort: { commit: 'INVALID_TXN_STATE', abort: 'prepare' },
}

/** With the one before it, it is the last end again. */
const previousEpoch: Verdicts = {
  Empty: { commit: 'PRODUCER_FENCED', abort: 'PRODUCER_FENCED' },
  Ongoing: { commit: 'PRODUCER_FENCED', abort: 'PRODUCER_FENCED' },
  CompleteCommit: { commit: 'NONE', abort: 'INVALID_TXN_STATE' },
  CompleteAbort: { commit: 'INVALID_TXN_STATE', abort: 'NONE' },
}

/** From version 5 on each transaction has an epoch of its own (transaction version 2, KIP-890). */
const transactionVersionOf = (requestVersion: number): number => (requestVersion >= 5 ? 2 : 0)

/** Commits or aborts. The answer does not wait for the markers; until they are written the next transaction does. */
export function endTxn(known: Transaction | undefined, input: TransactionInput, request: EndTxnRequest, turn: Turn): void {
  const answer = end(known, input, request, turn)
  if (answer !== null) turn.reply<EndTxnResponse>(input.id, answer)
}

/** Null: it waits for a producer id. */
function end(known: Transaction | undefined, input: TransactionInput, request: EndTxnRequest, turn: Turn): EndTxnResponse | null {
  const { version } = input.caller
  const transactionVersion = transactionVersionOf(version)
  if (request.transactionalId === '') return refusal('INVALID_REQUEST', version)
  if (known === undefined) return refusal('INVALID_PRODUCER_ID_MAPPING', version)
  const isDrawing = turn.isPending(known.transactionalId)
  const verdict = bumpsEpochs(transactionVersion)
    ? verdictWithEpochs(known, request, isDrawing)
    : verdictWithoutEpochs(known, request, isDrawing)
  if (verdict === 'NONE') return success(known, transactionVersion)
  if (verdict !== 'prepare') return refusal(verdict, version)
  if (!turn.canHold(transactionVersion)) return refusal('UNSUPPORTED_VERSION', version)
  let nextProducerId = noProducerId
  if (takesProducerId(known, transactionVersion)) {
    const drawn = turn.drawProducerId(known.transactionalId, input)
    if (drawn === null) return null
    if (drawn.kind === 'refused') return refusal(drawn.error, version)
    nextProducerId = drawn.producerId
  }
  const ended = prepared(known, { commit: request.committed, transactionVersion, nowMs: turn.nowMs }, nextProducerId)
  turn.write(ended)
  return success(completed(ended, turn.nowMs), transactionVersion)
}

function verdictWithoutEpochs(known: Transaction, request: EndTxnRequest, isDrawing: boolean): Verdict | ErrorName {
  const { state } = known
  if (known.producerId !== request.producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  if (known.producerEpoch !== request.producerEpoch) return 'PRODUCER_FENCED'
  if (isDrawing || isPrepared(state)) return 'CONCURRENT_TRANSACTIONS'
  return withoutEpochs[state][request.committed ? 'commit' : 'abort']
}

function verdictWithEpochs(known: Transaction, request: EndTxnRequest, isDrawing: boolean): Verdict | ErrorName {
  const { state } = known
  // First, since the producer may go on already with the producer id that comes with Complete*.
  if (isDrawing || isPrepared(state)) return 'CONCURRENT_TRANSACTIONS'
  const isOverflow = isRetryOverOverflow(known, request)
  if (known.producerId !== request.producerId && !isOverflow) return 'INVALID_PRODUCER_ID_MAPPING'
  const ending = request.committed ? 'commit' : 'abort'
  if (known.producerEpoch === request.producerEpoch) return currentEpoch[state][ending]
  // The last epoch is left by a fence of version 1 alone, so that nobody's end was answered with it; Kafka would tell it here.
  const isBumped = known.producerEpoch === request.producerEpoch + 1 && known.producerEpoch !== fencingEpoch
  return isBumped || isOverflow ? previousEpoch[state][ending] : 'PRODUCER_FENCED'
}

/** The retry of the end that brought a new producer id. */
function isRetryOverOverflow(known: Transaction, { producerId, producerEpoch }: EndTxnRequest): boolean {
  return known.previousProducerId === producerId && producerEpoch === lastClientEpoch && known.producerEpoch === 0
}

/** What the producer goes on with: told only to those that get a new epoch each time. */
function success({ producerId, producerEpoch }: Transaction, transactionVersion: number): EndTxnResponse {
  if (bumpsEpochs(transactionVersion)) return { errorCode: 0, producerId, producerEpoch }
  return { errorCode: 0, producerId: noProducerId, producerEpoch: noProducerEpoch }
}

function refusal(error: ErrorName, version: number): EndTxnResponse {
  // KIP-588: before version 2 nobody knows PRODUCER_FENCED.
  const said = error === 'PRODUCER_FENCED' && version < 2 ? 'INVALID_PRODUCER_EPOCH' : error
  return { errorCode: errorCode(said), producerId: noProducerId, producerEpoch: noProducerEpoch }
}
