import { describe, expect, test } from '@jest/globals'
import { growth } from './memory.ts'

describe('whether memory grows', () => {
  test('a steady rise is told for each gigabyte', () => {
    expect(growth([100e6, 110e6, 120e6, 130e6])).toBeCloseTo(20)
  })

  test('what goes up and down about a level does not grow', () => {
    expect(growth([100e6, 140e6, 140e6, 100e6])).toBeCloseTo(0)
    expect(growth([100e6])).toBe(0)
  })
})
