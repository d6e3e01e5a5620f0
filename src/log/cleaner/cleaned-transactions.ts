import type { RecordBatch } from '../../../protocol/records/record-batch.ts'
import type { AbortedTransaction } from '../aborted-transactions.ts'
import { endOfTransactionIn } from '../end-of-transaction.ts'

interface OngoingAborted {
  readonly transaction: AbortedTransaction
  /** A batch of it was met. */
  seen: boolean
}

/**
 * What is left of the transaction that a marker ends: `records`, or at least headers of its batches; `mention`: nothing but that clients are still told
 * that it was aborted; or `nothing`. Control records that end no transaction are for ever of use.
 */
export type LeftOfTransaction = 'records' | 'mention' | 'nothing'

/**
 * Which of the batches that are met one after the other belong to aborted transactions, and which markers end transactions of which
 * no batch is left (`CleanedTransactionMetadata`). It goes from group to group of one cleaning.
 */
export class CleanedTransactions {
  /** By their first offset, those to come. */
  readonly #aborted: readonly AbortedTransaction[]
  #next = 0
  readonly #ongoingAborted = new Map<bigint, OngoingAborted>()
  /** The producers of whom a batch was met that was not aborted, since their last marker. */
  readonly #ongoingCommitted = new Set<bigint>()
  #left: AbortedTransaction[] = []

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = aborted
  }

  /** Whether what is in the batch was aborted. */
  metBatch(batch: RecordBatch): boolean {
    this.#beginUpTo(batch.lastOffset)
    if (!batch.isTransactional) return false
    const ongoing = this.#ongoingAborted.get(batch.producerId)
    // Behind the marker nothing is part of the transaction, should the marker itself not be there any more.
    if (ongoing === undefined || ongoing.transaction.lastOffset < batch.baseOffset) {
      this.#ongoingCommitted.add(batch.producerId)
      return false
    }
    ongoing.seen = true
    return true
  }

  metControlBatch(batch: RecordBatch): LeftOfTransaction {
    this.#beginUpTo(batch.lastOffset)
    if (batch.count === 0) return 'nothing'
    const marker = endOfTransactionIn(batch)
    if (marker === null) return 'records'
    const { producerId } = batch
    if (marker.commit) return this.#ongoingCommitted.delete(producerId) ? 'records' : 'nothing'
    const ongoing = this.#ongoingAborted.get(producerId)
    this.#ongoingAborted.delete(producerId)
    if (ongoing === undefined) return 'nothing'
    if (!ongoing.seen) return 'mention'
    this.#left.push(ongoing.transaction)
    return 'records'
  }

  /**
   * The aborted transactions that ended since this was last asked, and of which a batch was met. Clients need not hear of the others, and must not
   * once their markers are gone: they would wait for the marker and drop what the producer committed later. So a marker stays while it is mentioned.
   */
  takeLeft(): readonly AbortedTransaction[] {
    const left = this.#left
    this.#left = []
    return left
  }

  #beginUpTo(offset: bigint): void {
    for (let next = this.#aborted[this.#next]; next !== undefined && next.firstOffset <= offset; ) {
      const before = this.#ongoingAborted.get(next.producerId)
      if (before === undefined || before.transaction.lastOffset < next.firstOffset) {
        this.#ongoingAborted.set(next.producerId, { transaction: next, seen: false })
      }
      this.#next += 1
      next = this.#aborted[this.#next]
    }
  }
}
