import type { Violations } from './violations.ts'

/** What is known of a batch that was sent: null, nobody knows whether it is there. */
export interface SentRecords {
  /** In the order in which they were sent; a record's value names it. */
  readonly values: readonly string[]
  readonly partition: string
  /** Of the transaction that they belong to; null: they belong to none. */
  readonly transaction: string | null
  acknowledgedAt: bigint | 'somewhere' | null
}

/** A record as a reader was given it. */
export interface ReadRecord {
  readonly offset: bigint
  readonly value: string
}

/** What was sent, and what the broker said of it: the log must agree. */
export class ProducedRecords {
  readonly #byPartition = new Map<string, SentRecords[]>()
  readonly #transactions = new Map<string, string | null>()
  readonly #byTransaction = new Map<string, SentRecords[]>()
  readonly #violations: Violations
  acknowledgedCount = 0

  constructor(violations: Violations) {
    this.#violations = violations
  }

  partitions(): readonly string[] {
    return [...this.#byPartition.keys()]
  }

  sentTo(partition: string): readonly SentRecords[] {
    return this.#byPartition.get(partition) ?? []
  }

  /** Null: it belongs to none. Undefined: nobody sent it. */
  transactionOf(value: string): string | null | undefined {
    return this.#transactions.get(value)
  }

  acknowledgedIn(transaction: string): readonly string[] {
    const sent = this.#byTransaction.get(transaction) ?? []
    return sent.filter(({ acknowledgedAt }) => acknowledgedAt !== null).flatMap(({ values }) => values)
  }

  sent(partition: string, values: readonly string[], transaction: string | null): SentRecords {
    const sent: SentRecords = { values, partition, transaction, acknowledgedAt: null }
    const all = this.#byPartition.get(partition) ?? []
    this.#byPartition.set(partition, all)
    all.push(sent)
    for (const value of values) this.#transactions.set(value, transaction)
    if (transaction === null) return sent
    const ofTransaction = this.#byTransaction.get(transaction) ?? []
    this.#byTransaction.set(transaction, ofTransaction)
    ofTransaction.push(sent)
    return sent
  }

  acknowledged(sent: SentRecords, baseOffset: bigint): void {
    if (sent.acknowledgedAt === null) this.acknowledgedCount += sent.values.length
    sent.acknowledgedAt = baseOffset < 0n ? 'somewhere' : baseOffset
  }

  /** All that a partition holds, aborted records included: each acknowledged one is there, once, in order, at its offset. */
  checkLog(partition: string, records: readonly ReadRecord[]): void {
    const offsets = new Map<string, bigint>()
    const newest = new Map<string, number>()
    for (const { offset, value } of records) {
      const at = offsets.get(value)
      if (at !== undefined) this.#wrong(`${value} stands at ${at} and at ${offset} of ${partition}`)
      offsets.set(value, offset)
      const [producer, number] = nameOf(value)
      const before = newest.get(producer) ?? -1
      if (number < before) this.#wrong(`${value} stands behind ${producer}:${before} in ${partition}`)
      newest.set(producer, number)
    }
    for (const { values, acknowledgedAt } of this.sentTo(partition)) {
      if (acknowledgedAt !== null) this.#checkAcknowledged(partition, values, acknowledgedAt, offsets)
    }
  }

  #checkAcknowledged(
    partition: string,
    values: readonly string[],
    acknowledgedAt: bigint | 'somewhere',
    offsets: ReadonlyMap<string, bigint>,
  ): void {
    for (const [index, value] of values.entries()) {
      const offset = offsets.get(value)
      if (offset === undefined) this.#wrong(`${value}, acknowledged at ${acknowledgedAt}, is not in ${partition}`)
      else if (acknowledgedAt !== 'somewhere' && offset !== acknowledgedAt + BigInt(index)) {
        this.#wrong(`${value}, acknowledged at ${acknowledgedAt} + ${index}, stands at ${offset} of ${partition}`)
      }
    }
  }

  #wrong(what: string): void {
    this.#violations.report('records-exactly-once', what)
  }
}

/** Whose record it is, and which one. */
export function nameOf(value: string): [string, number] {
  const at = value.lastIndexOf(':')
  return [value.slice(0, at), Number(value.slice(at + 1))]
}
