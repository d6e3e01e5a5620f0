import type { CoordinatorRecord, Decision, Input, Machine, MachineRandom } from '../machine.ts'
import { abortFencing, abortTimedOut } from './abort.ts'
import { addPartitions } from './add-partitions.ts'
import { describeTransaction } from './describe-transaction.ts'
import { DrawnProducerIds } from './drawn-producer-ids.ts'
import { endTxn } from './end-txn.ts'
import { removeExpiredIds } from './id-expiry.ts'
import { initProducerId } from './init-producer-id.ts'
import { listTransactions } from './list-transactions.ts'
import { readRecord, transactionOf } from './records.ts'
import type { Transaction } from './transaction.ts'
import type {
  DescribedTransaction,
  ListTransactionsResponse,
  TransactionEffect,
  TransactionInput,
  TransactionRequest,
  TransactionResult,
} from './transaction-request.ts'
import type { TransactionImage, TransactionSettings } from './transaction-settings.ts'
import { isPrepared } from './transaction-state.ts'
import { abortTimedOutTimer, removeExpiredTimer } from './transaction-timer.ts'
import { completed } from './transitions.ts'
import { Turn } from './turn.ts'

type TransactionMachineInput = Input<TransactionRequest, TransactionEffect, TransactionResult>
/** No record holds the last epoch, none of version 0 the previous producer id: after a restart a retry that needs them is fenced. */
type Unrecorded = Pick<Transaction, 'lastProducerEpoch' | 'previousProducerId'>
type EffectInput = Extract<TransactionMachineInput, { kind: 'effect' }>

/** The transactional ids of one partition of `__transaction_state`. */
export class TransactionMachine implements Machine<TransactionRequest, TransactionImage, TransactionEffect, TransactionResult> {
  readonly #settings: TransactionSettings
  readonly #transactions = new Map<string, Transaction>()
  readonly #producerIds = new DrawnProducerIds()
  /** The part of what was just decided that its record may not hold. */
  readonly #decided = new Map<string, Unrecorded>()

  constructor(settings: TransactionSettings) {
    this.#settings = settings
  }

  get transactions(): ReadonlyMap<string, Transaction> {
    return this.#transactions
  }

  decide(
    input: TransactionMachineInput,
    image: TransactionImage,
    nowMs: number,
    _random: MachineRandom,
  ): Decision<TransactionEffect> {
    const turn = new Turn(nowMs, this.#settings, image, this.#producerIds)
    switch (input.kind) {
      case 'loaded':
        this.#loaded(turn)
        break
      case 'request':
        this.#request(input, turn)
        break
      case 'timer':
        if (input.key === abortTimedOutTimer) abortTimedOut(this.#transactions.values(), turn)
        else removeExpiredIds(this.#transactions.values(), turn)
        break
      case 'effect':
        this.#effect(input, turn)
        break
      // Transactions outlive connections, and markers to topics that are gone are the runtime's affair.
      case 'closed':
      case 'image':
        break
    }
    for (const { transactionalId, lastProducerEpoch, previousProducerId } of turn.written) {
      this.#decided.set(transactionalId, { lastProducerEpoch, previousProducerId })
    }
    return turn.decision()
  }

  replay(_offset: bigint, record: CoordinatorRecord): void {
    const said = readRecord(record)
    if (said === null) return
    const { transactionalId, value } = said
    if (value === null) {
      this.#transactions.delete(transactionalId)
      return
    }
    const transaction = transactionOf(transactionalId, value, this.#transactions.get(transactionalId))
    this.#transactions.set(transactionalId, { ...transaction, ...this.#decided.get(transactionalId) })
    this.#decided.delete(transactionalId)
  }

  /** Nobody writes to this topic within a transaction. */
  replayMarker(): void {}

  #loaded(turn: Turn): void {
    for (const transaction of this.#transactions.values()) if (isPrepared(transaction.state)) turn.askMarkers(transaction)
    turn.setTimer(abortTimedOutTimer, this.#settings.abortTimedOutIntervalMs)
    turn.setTimer(removeExpiredTimer, this.#settings.removeExpiredIntervalMs)
  }

  #request(input: TransactionInput, turn: Turn): void {
    const { request: asked } = input
    switch (asked.api) {
      case 'InitProducerId':
        initProducerId(this.#transactions.get(asked.request.transactionalId ?? ''), input, asked.request, turn)
        break
      case 'AddPartitions':
        addPartitions(this.#transactions.get(asked.request.transactionalId), input, asked.request, turn)
        break
      case 'EndTxn':
        endTxn(this.#transactions.get(asked.request.transactionalId), input, asked.request, turn)
        break
      case 'DescribeTransaction': {
        const { transactionalId } = asked
        turn.reply<DescribedTransaction>(input.id, describeTransaction(transactionalId, this.#transactions.get(transactionalId)))
        break
      }
      case 'ListTransactions':
        turn.reply<ListTransactionsResponse>(input.id, listTransactions(this.#transactions.values(), asked.request, turn.nowMs))
        break
    }
  }

  #effect({ effect, result }: EffectInput, turn: Turn): void {
    if (effect.kind === 'markers') {
      if (result.kind === 'markers-written') this.#markersWritten(effect, turn)
      return
    }
    if (result.kind === 'markers-written') return
    const waiting = this.#producerIds.take(effect)
    if (waiting === null) return
    turn.resume(result)
    if (waiting !== 'timed-out') {
      this.#request(waiting, turn)
      return
    }
    const transaction = this.#transactions.get(effect.transactionalId)
    if (transaction !== undefined) abortFencing(transaction, 'timed-out', turn)
  }

  /** What was asked for twice, or before the transaction was another, is nobody's end. */
  #markersWritten({ transactionalId, producer }: Extract<TransactionEffect, { kind: 'markers' }>, turn: Turn): void {
    const transaction = this.#transactions.get(transactionalId)
    if (transaction === undefined || !isPrepared(transaction.state)) return
    if (transaction.producerId !== producer.id || transaction.producerEpoch !== producer.epoch) return
    turn.write(completed(transaction, turn.nowMs))
  }
}
