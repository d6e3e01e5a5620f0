import { expect, test } from '@jest/globals'
import { IndexCache } from './index-cache.ts'

test('holds so many bytes; what was used longest ago goes first', () => {
  const cache = new IndexCache<object, { readonly memoryBytes: number }>(100)
  const [a, b, c] = [{}, {}, {}]
  cache.put(a, { memoryBytes: 40 })
  cache.put(b, { memoryBytes: 40 })
  expect(cache.get(a)).not.toBeNull()
  cache.put(c, { memoryBytes: 40 })
  expect([cache.get(a) !== null, cache.get(b) !== null, cache.get(c) !== null, cache.bytes]).toEqual([true, false, true, 80])
  cache.put(c, { memoryBytes: 10 })
  cache.remove(a)
  cache.remove(a)
  expect(cache.bytes).toBe(10)
})

test('one that is larger than all there may be is held until the next comes', () => {
  const cache = new IndexCache<object, { readonly memoryBytes: number }>(100)
  const [a, b] = [{}, {}]
  cache.put(a, { memoryBytes: 400 })
  expect(cache.get(a)).not.toBeNull()
  cache.put(b, { memoryBytes: 1 })
  expect([cache.get(a), cache.bytes]).toEqual([null, 1])
})
