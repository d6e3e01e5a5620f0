import { RE2JS, RE2JSSyntaxException } from 're2js'
import { KafkaError } from '../../../protocol/errors.ts'

/**
 * The longest regular expression that a member may subscribe to, and the largest program that it may compile to. Kafka has no such
 * limits; time is linear in the topic's name, but the factor is the program.
 */
export const topicRegexLengthMax = 4096
export const topicRegexProgramSizeMax = 4000

/** How much is matched, in instructions times characters, before others get a turn: some tens of milliseconds at worst. */
const sliceStepsMax = 250_000

/**
 * A regular expression of RE2's syntax, which a topic's name matches as a whole. Never a JavaScript one: those backtrack, so that one
 * client's pattern could stop the broker, and what Java's clients send is RE2.
 *
 * This file is the only one that needs RE2, which takes longer to load than most starts have use for: whoever is not a test loads it by
 * `import()` when the first regular expression comes.
 */
export class TopicRegex {
  readonly text: string
  readonly #compiled: RE2JS

  /** Throws INVALID_REGULAR_EXPRESSION. */
  constructor(text: string) {
    this.text = text
    this.#compiled = compile(text)
  }

  matches(topic: string): boolean {
    return this.#compiled.testExact(topic)
  }

  /** How much it costs at most to match each character of a name. */
  get programSize(): number {
    return this.#compiled.programSize()
  }
}

function compile(text: string): RE2JS {
  if (text.length > topicRegexLengthMax) throw invalid(`${text.slice(0, 64)}…`, `longer than ${topicRegexLengthMax} characters`)
  const compiled = parse(text)
  if (compiled.programSize() > topicRegexProgramSizeMax) throw invalid(text, 'too much to match')
  return compiled
}

function parse(text: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw invalid(text, error.getDescription())
    throw error
  }
}

const invalid = (text: string, why: string): KafkaError =>
  new KafkaError('INVALID_REGULAR_EXPRESSION', `SubscribedTopicRegex \`${text}\` is not a valid regular expression: ${why}.`)

/** Why a member may not subscribe to it: INVALID_REGULAR_EXPRESSION. Null where it may. */
export function whyInvalidTopicRegex(text: string): KafkaError | null {
  const regex = tryTopicRegex(text)
  return regex instanceof KafkaError ? regex : null
}

function tryTopicRegex(text: string): TopicRegex | KafkaError {
  try {
    return new TopicRegex(text)
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
}

/**
 * The topics that each regular expression matches. It yields when it has worked for some time, so that whoever drives it can let others
 * work before it goes on. An expression that is not valid matches nothing: a log may hold one that was valid once.
 */
export function* topicsByRegex(
  texts: Iterable<string>,
  topicNames: Iterable<string>,
): Generator<undefined, ReadonlyMap<string, ReadonlySet<string>>> {
  const matched = new Map(Array.from(texts, (text) => [text, new Set<string>()]))
  const regexes: TopicRegex[] = []
  for (const text of matched.keys()) {
    const regex = tryTopicRegex(text)
    if (regex instanceof TopicRegex) regexes.push(regex)
    yield
  }
  let steps = 0
  for (const topic of topicNames) {
    for (const regex of regexes) {
      if (regex.matches(topic)) matched.get(regex.text)!.add(topic)
      steps += regex.programSize * topic.length
      if (steps < sliceStepsMax) continue
      steps = 0
      yield
    }
  }
  return matched
}
