import { expect, test } from '@jest/globals'
import { RE2JS } from 're2js'
import { LinearPattern } from './linear-pattern.ts'
import { patternSize } from './pattern-size.ts'

// The estimate is what stands between a short text and a large program.
test.each([
  'abc',
  'a{7}',
  'a{3,9}b{0,300}',
  '(a{0,30}){5}',
  '((a|b|cd){2,10}x){20}',
  '[a-z]{1,63}(\\.[a-z]{1,63}){0,5}',
  '[]a]{100}[^]b]{100}[[:alpha:]]{100}[\\]]{100}',
  '\\Qa(b{2}\\E{5}c',
  '(?:a{2,}){30}',
  '(?P<name>\\pL{40}|\\x{1F600}{20})+',
  '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}',
  'a{,5}b{x}c{}',
])('the program of %s is no larger than estimated', (text) => {
  const size = RE2JS.compile(text).programSize()
  // What leads in and out of every program.
  expect(patternSize(text) + 3).toBeGreaterThanOrEqual(size)
})

test('a pattern as people write them is far from the limit', () => {
  expect(patternSize('(orders|payments)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\\d{1,10}')).toBeLessThan(400)
})

const limits = { lengthMax: 4096, programSizeMax: 4000 }

// Each of these is short, is no large program, and takes seconds to compile: RE2 looks up the case of each character of each range.
test.each([
  '(a{0,1000})'.repeat(60),
  `(?i)${'[b-\uffff]'.repeat(200)}`,
  `(?i)[${'b-\uffff'.repeat(300)}]`,
  `(?s-i:a)(?is)${'[\\x{62}-\\x{1D7FF}]'.repeat(100)}`,
  `(?i)${'[\\x20-\u{10000}]'.repeat(100)}`,
  `(?i)${'\\pL'.repeat(1300)}`,
  `(?i)${'[^\\PL]'.repeat(580)}`,
])('%s is not compiled', (text) => {
  expect(patternSize(text)).toBeGreaterThan(limits.programSizeMax)
  expect(() => new LinearPattern(text, limits)).toThrow('too much to match')
})

test.each([
  '(?i)[a-z0-9._-]+',
  '[\u0100-\uffff]{1,100}',
  '(?i)[^\\x00-\\x7f]*',
  '(?i)\\pL[\\pL\\pN_-]*',
  '[b-]',
  '[]-a]',
  '[A-\\]]',
])('%s is compiled', (text) => {
  expect(() => new LinearPattern(text, limits)).not.toThrow()
})
