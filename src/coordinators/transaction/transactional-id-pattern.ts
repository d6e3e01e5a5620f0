import { InvalidPattern, LinearPattern, MatchingSlice } from '../linear-pattern.ts'

const limits = { lengthMax: 1000, programSizeMax: 2000 }

/** Which transactional ids ListTransactions is asked for (KIP-1152). Loaded by `import()` when the first pattern comes. */
export class TransactionalIdPattern {
  readonly #pattern: LinearPattern

  private constructor(pattern: LinearPattern) {
    this.#pattern = pattern
  }

  /** Null: it is not one, or too large; INVALID_REGULAR_EXPRESSION. */
  static compile(text: string): TransactionalIdPattern | null {
    try {
      return new TransactionalIdPattern(new LinearPattern(text, limits))
    } catch (error) {
      if (error instanceof InvalidPattern) return null
      throw error
    }
  }

  /** Those whose id matches. It yields when it has worked for some time, so that whoever drives it can let others work. */
  *filter<T extends { readonly transactionalId: string }>(found: Iterable<T>): Generator<undefined, T[]> {
    const matching: T[] = []
    const slice = new MatchingSlice()
    for (const one of found) {
      const { transactionalId } = one
      if (this.#pattern.matches(transactionalId)) matching.push(one)
      if (slice.isOverAfter(this.#pattern.steps(transactionalId))) yield
    }
    return matching
  }
}
