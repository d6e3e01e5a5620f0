import { RE2JS, RE2JSException } from 're2js'
import { patternSize } from './pattern-size.ts'

/** What a pattern may cost: its text, and the program that is made of it. Kafka has no such limits. */
export const patternLengthMax = 1000
export const programSizeMax = 2000

/** How much is matched, in instructions times characters, before others get a turn: some tens of milliseconds at worst. */
const sliceStepsMax = 250_000

/**
 * Which transactional ids ListTransactions is asked for (KIP-1152): RE2, as in Kafka, which never backtracks; the whole id
 * must match. RE2 takes longer to load than most starts have use for: whoever is not a test loads this file by `import()`
 * when the first pattern comes.
 */
export class TransactionalIdPattern {
  readonly #compiled: RE2JS

  private constructor(compiled: RE2JS) {
    this.#compiled = compiled
  }

  /** Null: it is not one, or too large; INVALID_REGULAR_EXPRESSION. */
  static compile(text: string): TransactionalIdPattern | null {
    if (text.length > patternLengthMax || patternSize(text) > programSizeMax) return null
    try {
      const compiled = RE2JS.compile(text)
      return compiled.programSize() > programSizeMax ? null : new TransactionalIdPattern(compiled)
    } catch (error) {
      if (error instanceof RE2JSException) return null
      throw error
    }
  }

  /** Those whose id matches. It yields when it has worked for some time, so that whoever drives it can let others work. */
  *filter<T extends { readonly transactionalId: string }>(found: Iterable<T>): Generator<undefined, T[]> {
    const matching: T[] = []
    let steps = 0
    for (const one of found) {
      if (this.#compiled.testExact(one.transactionalId)) matching.push(one)
      steps += this.#compiled.programSize() * one.transactionalId.length
      if (steps < sliceStepsMax) continue
      steps = 0
      yield
    }
    return matching
  }
}
