import { expect, test } from '@jest/globals'
import { RE2JS } from 're2js'
import { patternSize } from './pattern-size.ts'
import { programSizeMax, TransactionalIdPattern } from './transactional-id-pattern.ts'

function matching(text: string, ids: readonly string[]): readonly string[] | null {
  const matched = TransactionalIdPattern.compile(text)?.filter(ids.map((transactionalId) => ({ transactionalId })))
  for (let step = matched?.next(); step !== undefined; step = matched?.next()) {
    if (step.done) return step.value.map(({ transactionalId }) => transactionalId)
  }
  return null
}

test('the whole id matches', () => {
  const ids = ['orders', 'orders-1', 'orders-12', 'my-orders']
  expect(matching('orders', ids)).toEqual(['orders'])
  expect(matching('orders-\\d+', ids)).toEqual(['orders-1', 'orders-12'])
  expect(matching('(?i)ORDERS-[[:digit:]]|my.*', ids)).toEqual(['orders-1', 'my-orders'])
})

test.each(['(', 'a)', '[', 'a**', '(a)\\1', 'a(?=b)', 'a{1001}', '\\'])('%s is no pattern of RE2', (text) => {
  expect(TransactionalIdPattern.compile(text)).toBeNull()
})

test.each([
  'a'.repeat(1001),
  '(a{0,1000})'.repeat(60),
  `(${'a'.repeat(900)}){1000}`,
  '((a{0,30}){0,30}x?){10}',
  '(\\Q(\\Eaaaaaaaaaa){500}',
  '([)]aaaaaaaaaa){500}',
])('%s is too large', (text) => {
  expect(TransactionalIdPattern.compile(text)).toBeNull()
})

test('what is long to match lets others have their turn', () => {
  const ids = Array.from({ length: 100 }, (_, index) => ({ transactionalId: 'a'.repeat(500 + index) }))
  const matched = TransactionalIdPattern.compile('(a?){100}a*')?.filter(ids)
  expect(matched?.next()).toEqual({ done: false, value: undefined })
})

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
  expect(patternSize('(orders|payments)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\\d{1,10}')).toBeLessThan(programSizeMax / 5)
})
