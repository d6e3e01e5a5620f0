import { expect, test } from '@jest/globals'
import { firstInHashMap } from './kafka-order.ts'

// As Apache Kafka 4.3 chose for two members with opposite preferences.
test.each([
  [['range', 'rr'], 'rr'],
  [['rr', 'range'], 'rr'],
])('of protocols with equal votes Kafka takes the first of its hash table: %p', (names, chosen) => {
  expect(firstInHashMap(names, () => true)).toBe(chosen)
})

test('the table grows with the names, and only those with most votes count', () => {
  const names = Array.from({ length: 13 }, (_, index) => String.fromCharCode(0x30 + index * 2))
  expect(firstInHashMap(names, () => true)).toBe('@')
  expect(firstInHashMap(names.slice(0, 12), () => true)).toBe('0')
  expect(firstInHashMap(names, (name) => name > '@')).toBe('B')
  expect(firstInHashMap([], () => true)).toBe('')
})
