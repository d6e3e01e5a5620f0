import { expect, test } from '@jest/globals'
import { TransactionalIdPattern } from './transactional-id-pattern.ts'

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
