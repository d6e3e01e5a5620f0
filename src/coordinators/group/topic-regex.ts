import { KafkaError } from '../../../protocol/errors.ts'
import { InvalidPattern, LinearPattern, MatchingSlice } from '../linear-pattern.ts'

/** The longest regular expression that a member may subscribe to. */
export const topicRegexLengthMax = 4096
const limits = { lengthMax: topicRegexLengthMax, programSizeMax: 4000 }

/**
 * A regular expression that a member subscribes to, which a topic's name matches as a whole. Loaded by `import()` when the first one
 * comes. Throws INVALID_REGULAR_EXPRESSION.
 */
export class TopicRegex extends LinearPattern {
  readonly text: string

  constructor(text: string) {
    try {
      super(text, limits)
    } catch (error) {
      if (error instanceof InvalidPattern) throw invalid(text, error.message)
      throw error
    }
    this.text = text
  }
}

const invalid = (text: string, why: string): KafkaError => {
  const shown = text.length > topicRegexLengthMax ? `${text.slice(0, 64)}…` : text
  return new KafkaError(
    'INVALID_REGULAR_EXPRESSION',
    `SubscribedTopicRegex \`${shown}\` is not a valid regular expression: ${why}.`,
  )
}

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
  const slice = new MatchingSlice()
  for (const topic of topicNames) {
    for (const regex of regexes) {
      if (regex.matches(topic)) matched.get(regex.text)!.add(topic)
      if (slice.isOverAfter(regex.steps(topic))) yield
    }
  }
  return matched
}
