import type { ProducedRecords } from './produced-records.ts'
import type { Violations } from './violations.ts'

/** open: no commit was asked for; committing: it was, and nobody was answered. */
type Outcome = 'open' | 'committing' | 'committed' | 'aborted'

/** What became of transactions, as their producers were told: readers of committed records must see just that. */
export class TransactionHistory {
  readonly #outcomes = new Map<string, Outcome>()
  readonly #records: ProducedRecords
  readonly #violations: Violations

  constructor(records: ProducedRecords, violations: Violations) {
    this.#records = records
    this.#violations = violations
  }

  get committedCount(): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome === 'committed').length
  }

  get abortedCount(): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome === 'aborted').length
  }

  begin(transaction: string): void {
    this.#outcomes.set(transaction, 'open')
  }

  committing(transaction: string): void {
    this.#outcomes.set(transaction, 'committing')
  }

  committed(transaction: string): void {
    this.#outcomes.set(transaction, 'committed')
  }

  /** It was aborted, or left before its commit was asked for: then nothing else can become of it. */
  aborted(transaction: string): void {
    if (this.#outcomes.get(transaction) !== 'committing') this.#outcomes.set(transaction, 'aborted')
  }

  /** A reader of committed records was given this one. */
  read(partition: string, offset: bigint, value: string): void {
    const transaction = this.#records.transactionOf(value)
    if (transaction === undefined) this.#wrong(`${partition} has ${value} at ${offset}, which nobody sent`)
    if (transaction === undefined || transaction === null) return
    const outcome = this.#outcomes.get(transaction)
    if (outcome === 'committing' || outcome === 'committed') return
    this.#wrong(
      `${value} at ${offset} of ${partition} was given to a reader of committed records, but ${transaction} is ${outcome}`,
    )
  }

  /** All that readers of committed records see in the end, by partition. */
  checkWhole(byPartition: ReadonlyMap<string, readonly string[]>): void {
    const seen = new Map<string, Set<string>>()
    for (const values of byPartition.values()) {
      for (const value of values) {
        const transaction = this.#records.transactionOf(value)
        if (transaction === undefined || transaction === null) continue
        const ofTransaction = seen.get(transaction) ?? new Set()
        seen.set(transaction, ofTransaction)
        ofTransaction.add(value)
      }
    }
    for (const [transaction, outcome] of this.#outcomes) {
      const values = seen.get(transaction) ?? new Set<string>()
      if (values.size === 0 && outcome !== 'committed') continue
      for (const value of this.#records.acknowledgedIn(transaction)) {
        if (!values.has(value))
          this.#wrong(`${value} of ${transaction}, which is ${outcome}, is missing among the committed records`)
      }
    }
  }

  /** A loop writes the offsets that it has read: each stands among the committed records once, and in order. */
  checkLoops(byPartition: ReadonlyMap<string, readonly string[]>): void {
    const next = new Map<string, number>()
    for (const value of [...byPartition.values()].flat()) {
      const found = /^(loop\d+)[ab]\.\d+:(\d+)$/.exec(value)
      if (found === null) continue
      const [loop = '', offset] = [found[1], Number(found[2])]
      const due = next.get(loop) ?? 0
      if (offset !== due) this.#wrong(`${value} stands where ${loop} should have written ${due}`)
      next.set(loop, offset + 1)
    }
  }

  #wrong(what: string): void {
    this.#violations.report('committed-reads', what)
  }
}
