import { DecisionDraft } from '../decision-draft.ts'
import type { CoordinatorRecord } from '../machine.ts'
import type { DrawnProducerIds, ProducerIdResult, Waiting } from './drawn-producer-ids.ts'
import { canHold, transactionRecord } from './records.ts'
import { listPartitions, type Transaction } from './transaction.ts'
import type { TransactionEffect } from './transaction-request.ts'
import type { TransactionImage, TransactionSettings } from './transaction-settings.ts'
import { isPrepared } from './transaction-state.ts'

/** What a record and its batch need besides key and value, at most. */
const batchOverheadBytes = 160
/** A transaction that could be added to must also fit when it ends, with two producer ids more. */
const endBytesMax = 64

/** One decision in the making, with what it may look at besides the transactions. */
export class Turn extends DecisionDraft<TransactionEffect> {
  readonly nowMs: number
  readonly settings: TransactionSettings
  readonly transactionVersion: number
  readonly #producerIds: DrawnProducerIds
  /** What this turn was begun for; taken once. */
  #drawn: ProducerIdResult | null = null
  readonly #written: Transaction[] = []

  constructor(nowMs: number, settings: TransactionSettings, image: TransactionImage, producerIds: DrawnProducerIds) {
    super()
    this.nowMs = nowMs
    this.settings = settings
    this.transactionVersion = image.transactionVersion
    this.#producerIds = producerIds
  }

  /** What the transactions will be once the records are replayed. */
  get written(): readonly Transaction[] {
    return this.#written
  }

  /** Whether a decision about the id waits for a producer id. */
  isPending(transactionalId: string): boolean {
    return this.#producerIds.has(transactionalId)
  }

  /** The turn is that of a decision taken up again, with what it waited for. */
  resume(result: ProducerIdResult): void {
    this.#drawn = result
  }

  /** Null: it was asked for, and what waits is taken up again when it comes. */
  drawProducerId(transactionalId: string, waiting: Waiting): ProducerIdResult | null {
    const drawn = this.#drawn
    this.#drawn = null
    if (drawn === null) this.effect(this.#producerIds.ask(transactionalId, waiting))
    return drawn
  }

  /** Whether what a client of that version did can be written at this `transaction.version`. */
  canHold(clientTransactionVersion: number): boolean {
    return canHold(clientTransactionVersion, this.transactionVersion)
  }

  /** One transition. What is prepared gets its markers as soon as the record is durable. */
  write(transaction: Transaction): void {
    this.#write(transaction, transactionRecord(transaction, this.transactionVersion))
  }

  /** A transition that makes the record grow. False: it would not fit into a batch of the internal topic. */
  writeIfFits(transaction: Transaction): boolean {
    const record = transactionRecord(transaction, this.transactionVersion)
    const bytes = record.key.length + (record.value?.length ?? 0) + batchOverheadBytes + endBytesMax
    if (bytes > this.settings.batchBytesMax) return false
    this.#write(transaction, record)
    return true
  }

  askMarkers(transaction: Transaction): void {
    this.effect({
      kind: 'markers',
      transactionalId: transaction.transactionalId,
      producer: { id: transaction.producerId, epoch: transaction.producerEpoch },
      commit: transaction.state === 'PrepareCommit',
      transactionVersion: transaction.clientTransactionVersion,
      partitions: listPartitions(transaction.partitions),
    })
  }

  #write(transaction: Transaction, record: CoordinatorRecord): void {
    this.#written.push(transaction)
    this.record(record)
    if (isPrepared(transaction.state)) this.askMarkers(transaction)
  }
}
