import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js'
import { patternSize } from './pattern-size.ts'

/** What a pattern may cost: its text, and the program that is made of it. Kafka has no such limits. */
export interface PatternLimits {
  readonly lengthMax: number
  readonly programSizeMax: number
}

/** Why a text is no pattern, or none that may be matched. */
export class InvalidPattern extends Error {}

/** How much is matched, in instructions times characters, before others get a turn: some tens of milliseconds at worst. */
const sliceStepsMax = 250_000

/**
 * A pattern that a client sent: RE2, as in Kafka, which never backtracks; the whole text must match. A JavaScript one could
 * stop the broker. RE2 takes longer to load than most starts have use for: whoever is not a test loads what needs this file
 * by `import()` when the first pattern comes.
 */
export class LinearPattern {
  readonly #compiled: RE2JS

  /** Throws InvalidPattern. What is too large is not even compiled: that may take seconds. */
  constructor(text: string, { lengthMax, programSizeMax }: PatternLimits) {
    if (text.length > lengthMax) throw new InvalidPattern(`longer than ${lengthMax} characters`)
    if (patternSize(text) > programSizeMax) throw new InvalidPattern('too much to match')
    this.#compiled = parse(text)
    if (this.#compiled.programSize() > programSizeMax) throw new InvalidPattern('too much to match')
  }

  matches(text: string): boolean {
    return this.#compiled.testExact(text)
  }

  /** How much it costs at most to match a text. */
  steps(text: string): number {
    return this.#compiled.programSize() * text.length
  }
}

function parse(text: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new InvalidPattern(error.getDescription())
    if (error instanceof RE2JSException) throw new InvalidPattern(error.message)
    throw error
  }
}

/** Counts what is matched, so that others get a turn in between. */
export class MatchingSlice {
  #steps = 0

  /** Whether it is the others' turn now. */
  isOverAfter(steps: number): boolean {
    this.#steps += steps
    if (this.#steps < sliceStepsMax) return false
    this.#steps = 0
    return true
  }
}
