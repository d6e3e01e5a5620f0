import { RE2JS, RE2JSException } from 're2js'

/** Whether a transactional id is what was asked for. */
export type IdPattern = (transactionalId: string) => boolean

/** A pattern is compiled for one request; RE2 bounds repetition, this bounds the rest. */
const patternLengthMax = 1000

/** RE2, as Kafka has it (KIP-1152): it never backtracks, and the whole id must match. No pattern lets all pass. */
export function compileIdPattern(pattern: string | null): IdPattern | 'invalid' {
  if (pattern === null || pattern === '') return () => true
  if (pattern.length > patternLengthMax) return 'invalid'
  try {
    const compiled = RE2JS.compile(pattern)
    return (transactionalId) => compiled.matches(transactionalId)
  } catch (error) {
    if (error instanceof RE2JSException) return 'invalid'
    throw error
  }
}
