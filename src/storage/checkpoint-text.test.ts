import { expect, test } from '@jest/globals'
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-text.ts'

test('a checkpoint file is a version, a count, and an entry a line', () => {
  expect(encodeCheckpoint(['orders 0 5', 'orders 1 7']).toString()).toBe('0\n2\norders 0 5\norders 1 7\n')
  expect(decodeCheckpoint(Buffer.from('0\n2\norders 0 5\norders 1 7\n'))).toEqual([
    ['orders', '0', '5'],
    ['orders', '1', '7'],
  ])
})

test('Kafka makes such a file empty, and writes into it later', () => {
  expect(decodeCheckpoint(Buffer.alloc(0))).toEqual([])
})

test('a file of another version, or one that was cut off, is none', () => {
  for (const text of ['1\n0\n', '0\n', '0\n2\norders 0 5\n', 'orders 0 5\n', '\n']) {
    expect(decodeCheckpoint(Buffer.from(text))).toBeNull()
  }
})
