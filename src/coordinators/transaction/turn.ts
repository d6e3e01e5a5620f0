import type { CoordinatorRecord, Decision, Reply, TimerChange } from '../machine.ts'
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

/** One decision in the making: what it may look at besides the transactions, and what has come of it so far. */
export class Turn {
  readonly nowMs: number
  readonly settings: TransactionSettings
  readonly transactionVersion: number
  readonly #producerIds: DrawnProducerIds
  /** What this turn was begun for; taken once. */
  #drawn: ProducerIdResult | null = null
  readonly #written: Transaction[] = []
  readonly #records: CoordinatorRecord[] = []
  readonly #replies: Reply[] = []
  readonly #timers: TimerChange[] = []
  readonly #effects: TransactionEffect[] = []

  constructor(nowMs: number, settings: TransactionSettings, image: TransactionImage, producerIds: DrawnProducerIds) {
    this.nowMs = nowMs
    this.settings = settings
    this.transactionVersion = image.transactionVersion
    this.#producerIds = producerIds
  }

  get recordCount(): number {
    return this.#records.length
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
    if (drawn === null) this.#effects.push(this.#producerIds.ask(transactionalId, waiting))
    return drawn
  }

  /** Whether what a client of that version did can be written at this `transaction.version`. */
  canHold(clientTransactionVersion: number): boolean {
    return canHold(clientTransactionVersion, this.transactionVersion)
  }

  fitsBatch(transaction: Transaction): boolean {
    const { key, value } = transactionRecord(transaction, this.transactionVersion)
    const bytes = key.length + (value?.length ?? 0) + batchOverheadBytes + endBytesMax
    return bytes <= this.settings.batchBytesMax
  }

  /** One transition. What is prepared gets its markers as soon as the record is durable. */
  write(transaction: Transaction): void {
    this.#written.push(transaction)
    this.#records.push(transactionRecord(transaction, this.transactionVersion))
    if (isPrepared(transaction.state)) this.askMarkers(transaction)
  }

  record(record: CoordinatorRecord): void {
    this.#records.push(record)
  }

  askMarkers(transaction: Transaction): void {
    this.#effects.push({
      kind: 'markers',
      transactionalId: transaction.transactionalId,
      producer: { id: transaction.producerId, epoch: transaction.producerEpoch },
      commit: transaction.state === 'PrepareCommit',
      transactionVersion: transaction.clientTransactionVersion,
      partitions: listPartitions(transaction.partitions),
    })
  }

  /** `Response` is spelled out by the caller, so that a response of the wrong API does not compile. */
  reply<Response extends object>(id: number, response: Response): void {
    this.#replies.push({ id, response })
  }

  setTimer(key: string, delayMs: number): void {
    this.#timers.push({ set: key, delayMs })
  }

  decision(): Decision<TransactionEffect> {
    return { records: this.#records, replies: this.#replies, timers: this.#timers, effects: this.#effects }
  }
}
