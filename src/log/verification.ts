import type { ProducerAndEpoch, VerificationGuard } from './partition-log.ts'

/** A transaction whose coordinator is being asked. */
export interface Verification extends VerificationGuard {
  readonly startedAtMs: number
  /** Asked for by a request of transaction version 2: each transaction has an epoch of its own, and begins with sequence 0. */
  readonly epochBumps: boolean
  epoch: number
  /** A later batch that is verified first must not overtake the ones before it: they would all be out of order. */
  lowestSequence: number
}

/** The verifications that are pending in a partition, one for each producer. */
export class Verifications {
  readonly #pending = new Map<bigint, Verification>()
  readonly #expirationMs: number

  constructor(expirationMs: number) {
    this.#expirationMs = expirationMs
  }

  of(producerId: bigint): Verification | undefined {
    return this.#pending.size === 0 ? undefined : this.#pending.get(producerId)
  }

  /** Joins the one that is pending. */
  begin({ id, epoch }: ProducerAndEpoch, baseSequence: number, epochBumps: boolean, nowMs: number): Verification {
    const pending = this.#pending.get(id)
    if (pending === undefined || this.#isExpired(pending, nowMs)) {
      const begun = { producerId: id, startedAtMs: nowMs, epochBumps, epoch, lowestSequence: baseSequence }
      this.#pending.set(id, begun)
      return begun
    }
    if (epoch > pending.epoch || (epoch === pending.epoch && baseSequence < pending.lowestSequence)) {
      pending.epoch = epoch
      pending.lowestSequence = baseSequence
    }
    return pending
  }

  /** The transaction has begun here: its next batches need no guard. */
  transactionBegan(producerId: bigint): void {
    if (this.#pending.size > 0) this.#pending.delete(producerId)
  }

  /** With version 2 a marker of the pending epoch ends the transaction before: its epoch is that of the next one. */
  markerAppended(producerId: bigint, markerEpoch: number): void {
    const pending = this.of(producerId)
    if (pending === undefined || (pending.epochBumps && pending.epoch === markerEpoch)) return
    this.#pending.delete(producerId)
  }

  removeExpired(nowMs: number): void {
    for (const [producerId, pending] of this.#pending) {
      if (this.#isExpired(pending, nowMs)) this.#pending.delete(producerId)
    }
  }

  #isExpired(pending: Verification, nowMs: number): boolean {
    return nowMs - pending.startedAtMs >= this.#expirationMs
  }
}
