import { describe, expect, test } from '@jest/globals'
import { ByteLimit } from './byte-limit.ts'

describe('a limit in bytes', () => {
  test('admits while the sum is below it, so that the last one may exceed it', () => {
    const limit = new ByteLimit('received bytes', 100)
    expect(limit.tryReserve(99)).toBe(true)
    expect(limit.tryReserve(500)).toBe(true)
    expect(limit.tryReserve(1)).toBe(false)
    expect([limit.reservedBytes, limit.availableBytes]).toEqual([599, 0])
  })

  test('those who wait are admitted in order of arrival, and nobody passes them', () => {
    const limit = new ByteLimit('received bytes', 100)
    const admitted: string[] = []
    limit.reserve(100)
    limit.reserveInTurn(100, () => admitted.push('a'))
    limit.reserveInTurn(1, () => admitted.push('b')).cancel()
    limit.reserveInTurn(1, () => admitted.push('c'))
    limit.release(1)
    expect(admitted).toEqual(['a'])
    limit.release(50)
    expect(limit.tryReserve(1)).toBe(false)
    limit.release(50)
    expect(admitted).toEqual(['a', 'c'])
    expect(limit.reservedBytes).toBe(100)
  })

  test('one that releases as it is admitted lets the next in', () => {
    const limit = new ByteLimit('received bytes', 1)
    limit.reserve(1)
    let count = 0
    for (let waiter = 0; waiter < 20_000; waiter++) {
      limit.reserveInTurn(1, () => {
        count++
        limit.release(1)
      })
    }
    limit.release(1)
    expect(count).toBe(20_000)
  })

  test('whenAvailable is undefined below the limit and settles once the sum is below it again', async () => {
    const limit = new ByteLimit('unwritten bytes', 10)
    expect(limit.whenAvailable()).toBeUndefined()
    limit.reserve(12)
    const available = limit.whenAvailable()
    expect(available).toBeInstanceOf(Promise)
    limit.release(12)
    await available
    expect(limit.reservedBytes).toBe(0)
  })

  test('more released than reserved is a bug', () => {
    expect(() => new ByteLimit('x', 1).release(1)).toThrow('x: released 1 bytes more')
  })
})
