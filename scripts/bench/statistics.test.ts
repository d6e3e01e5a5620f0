import { describe, expect, test } from '@jest/globals'
import { median, quantile, spread } from './statistics.ts'

describe('statistics of rounds', () => {
  test('the median of an even number lies between the two in the middle', () => {
    expect(median([5, 1, 3])).toBe(3)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  test('a quantile is one of the values, and that of 1 the greatest', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index)
    expect(quantile(values, 0.5)).toBe(500)
    expect(quantile(values, 0.999)).toBe(999)
    expect(quantile(values, 1)).toBe(999)
  })

  test('the spread is half of the range, beside the median', () => {
    expect(spread([90, 100, 110])).toBeCloseTo(0.1)
    expect(spread([7])).toBe(0)
    expect(spread([0, 0])).toBe(0)
  })
})
