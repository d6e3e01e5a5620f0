/** What must hold, whatever fails. A report names it. */
export const invariants = [
  'one-owner',
  'epochs-rise',
  'offsets-kept',
  'committed-reads',
  'records-exactly-once',
  'aborted-list',
  'answered',
  'transactions-end',
  'no-fault',
] as const

export type Invariant = (typeof invariants)[number]

export interface Violation {
  readonly invariant: Invariant
  /** Milliseconds since the simulation began. */
  readonly atMs: number
  readonly what: string
}

/** Of one invariant: what comes after the first is mostly more of the same. */
const violationsMax = 10

/** What was found not to hold. */
export class Violations {
  readonly found: Violation[] = []
  readonly #sinceStartMs: () => number
  readonly #say: (line: string) => void

  constructor(sinceStartMs: () => number, say: (line: string) => void) {
    this.#sinceStartMs = sinceStartMs
    this.#say = say
  }

  report(invariant: Invariant, what: string): void {
    this.#say(`VIOLATION of ${invariant}: ${what}`)
    const count = this.found.filter((violation) => violation.invariant === invariant).length
    if (count < violationsMax) this.found.push({ invariant, atMs: this.#sinceStartMs(), what })
  }
}
