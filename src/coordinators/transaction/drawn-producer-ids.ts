import type { TransactionEffect, TransactionInput, TransactionResult } from './transaction-request.ts'

type ProducerIdEffect = Extract<TransactionEffect, { kind: 'producer-id' }>
export type ProducerIdResult = Exclude<TransactionResult, { kind: 'markers-written' }>

/** What a decision that needs a producer id was about: a request, or the abort of what has timed out. */
export type Waiting = TransactionInput | 'timed-out'

/**
 * Who waits for a producer id. At most one decision does for each transactional id: meanwhile whatever would change its
 * state is answered CONCURRENT_TRANSACTIONS, so that the decision finds all as it was when it is taken up again.
 */
export class DrawnProducerIds {
  readonly #waiting = new Map<string, { readonly token: number; readonly waiting: Waiting }>()
  #nextToken = 1

  has(transactionalId: string): boolean {
    return this.#waiting.has(transactionalId)
  }

  ask(transactionalId: string, waiting: Waiting): ProducerIdEffect {
    const token = this.#nextToken++
    this.#waiting.set(transactionalId, { token, waiting })
    return { kind: 'producer-id', transactionalId, token }
  }

  /** Null: nobody waits for this answer. */
  take({ transactionalId, token }: ProducerIdEffect): Waiting | null {
    const found = this.#waiting.get(transactionalId)
    if (found?.token !== token) return null
    this.#waiting.delete(transactionalId)
    return found.waiting
  }
}
