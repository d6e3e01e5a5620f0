import { describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../../protocol/errors.ts'
import { TopicRegex, topicRegexLengthMax, topicsByRegex, whyInvalidTopicRegex } from './topic-regex.ts'

const matches = (regex: string, topic: string): boolean => new TopicRegex(regex).matches(topic)

/** Drives the match to its end, and counts how often it let others work. */
function resolve(regexes: readonly string[], topics: Iterable<string>) {
  const steps = topicsByRegex(regexes, topics)
  let pauses = 0
  for (;;) {
    const step = steps.next()
    if (step.done) return { topics: step.value, pauses }
    pauses += 1
  }
}

describe('a regular expression of a member', () => {
  test('matches the whole name', () => {
    expect(matches('foo', 'foo')).toBe(true)
    expect(matches('foo', 'foobar')).toBe(false)
    expect(matches('foo|foobar', 'foobar')).toBe(true)
    expect(matches('foo.*', 'foobar')).toBe(true)
    expect(matches('^foo$', 'foo')).toBe(true)
    expect(matches('', 'foo')).toBe(false)
  })

  test.each([
    ['(?i)FOO', 'foo', true],
    ['foo(?i:BAR)', 'foobar', true],
    ['(?P<part>fo)o', 'foo', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['foo\\z', 'foo', true],
    ['[[:alpha:]]+', 'foo', true],
    ['\\pL+', 'foo', true],
    ['(?U)f.*', 'foo', true],
  ])('has the syntax of RE2, which JavaScript does not know: %s, %s', (regex, topic, expected) => {
    expect(matches(regex, topic)).toBe(expected)
  })

  test.each([
    ['(?=foo)', 'invalid or unsupported Perl syntax'],
    ['(?!foo)', 'invalid or unsupported Perl syntax'],
    ['(?<=foo)', 'invalid named capture'],
    ['(a)\\1', 'invalid escape sequence'],
    ['\\u0041', 'invalid escape sequence'],
    ['\\cA', 'invalid escape sequence'],
    ['[', 'missing closing ]'],
    ['(', 'missing closing )'],
    ['*', 'missing argument to repetition operator'],
    ['a++', 'invalid nested repetition operator'],
    ['a{1001}', 'invalid repeat count'],
    ['[z-a]', 'invalid character class range'],
    ['\\', 'trailing backslash at end of expression'],
  ])('%s is refused as Kafka refuses it', (regex, why) => {
    const error = whyInvalidTopicRegex(regex)
    expect(error?.code).toBe('INVALID_REGULAR_EXPRESSION')
    expect(error?.message).toBe(`SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${why}.`)
    expect(() => new TopicRegex(regex)).toThrow(KafkaError)
  })

  test.each([
    ['too long', 'a'.repeat(topicRegexLengthMax + 1)],
    ['too large a program', '(a?b?c?){1000}(a?b?c?){1000}'],
    ['too large a program, which takes seconds to compile', '(a{0,1000})'.repeat(90)],
    ['repeated too often for RE2', '(a{100}){100}'],
    ['nested too deeply', `${'('.repeat(2000)}a${')'.repeat(2000)}`],
  ])('one that costs too much is refused: %s', (_, regex) => {
    const error = whyInvalidTopicRegex(regex)
    expect(error?.code).toBe('INVALID_REGULAR_EXPRESSION')
    expect(error!.message.length).toBeLessThan(topicRegexLengthMax + 100)
  })

  test.each(['(a*)*b', '((a+)+)+b', '(a|a)*b', '(a|aa)+b', '(.*)*(.*)*b'])('%s backtracks nowhere', (regex) => {
    // A backtracking engine would not come back from the first of these.
    const topics = Array.from({ length: 100 }, (_, index) => `${'a'.repeat(200)}${index}`)
    expect(resolve([regex], topics).topics.get(regex)).toEqual(new Set())
  })
})

describe('topics of regular expressions', () => {
  test('each has its own', () => {
    expect(resolve(['foo.*', 'b.*', 'none'], ['foo', 'foobar', 'bar']).topics).toEqual(
      new Map([
        ['foo.*', new Set(['foo', 'foobar'])],
        ['b.*', new Set(['bar'])],
        ['none', new Set()],
      ]),
    )
  })

  test('one that is no longer valid matches nothing', () => {
    expect(resolve(['(', 'a'], ['a']).topics).toEqual(
      new Map([
        ['(', new Set()],
        ['a', new Set(['a'])],
      ]),
    )
  })

  test('others work in between, the more often the more there is to match', () => {
    const topics = Array.from({ length: 2000 }, (_, index) => `topic-${index}`)
    expect(resolve(['topic-1.*'], topics).pauses).toBeLessThan(10)
    expect(resolve(['([topic1-]){500}.*'], topics).pauses).toBeGreaterThan(50)
  })
})
