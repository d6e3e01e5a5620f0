import type { Violations } from './violations.ts'

export interface GivenEpoch {
  readonly id: bigint
  readonly epoch: number
}

/** The producer ids and epochs that transactional ids were given. */
export class EpochHistory {
  /** By transactional id, the newest epoch of each producer id; the last is the newest id. */
  readonly #given = new Map<string, Map<bigint, number>>()
  readonly #violations: Violations

  constructor(violations: Violations) {
    this.#violations = violations
  }

  /** Taken before somebody asks for the next one. */
  newest(transactionalId: string): GivenEpoch | null {
    const last = [...(this.#given.get(transactionalId) ?? [])].at(-1)
    return last === undefined ? null : { id: last[0], epoch: last[1] }
  }

  /** It is above what had been given when it was asked for. */
  given(transactionalId: string, { id, epoch }: GivenEpoch, before: GivenEpoch | null): void {
    const given = this.#given.get(transactionalId) ?? new Map<bigint, number>()
    this.#given.set(transactionalId, given)
    const isOld = before !== null && (before.id === id ? epoch <= before.epoch : given.has(id) && id < before.id)
    if (isOld) {
      const what = `${transactionalId} was given ${id}/${epoch} after ${before.id}/${before.epoch}`
      this.#violations.report('epochs-rise', what)
    }
    given.set(id, Math.max(given.get(id) ?? -1, epoch))
  }
}
