import { describe, expect, test } from '@jest/globals'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { IoThrottle } from './io-throttle.ts'
import { hashKey } from './key-hash.ts'
import { OffsetMap } from './offset-map.ts'
import { Pace } from './pace.ts'

const clock = new SimulatedClock()
const pace = new Pace({ real: clock, throttle: new IoThrottle(clock, () => 1), isGivenUp: () => false })
const key = (index: number): Buffer => Buffer.from(`key ${index}`)

function hashText(text: string, seed = 0): string {
  const hash = new Uint32Array(4)
  hashKey(Buffer.from(text), seed, hash)
  return [...hash].map((part) => part.toString(16).padStart(8, '0')).join('')
}

describe('the hash of a key', () => {
  test('is MurmurHash3 of 128 bits', () => {
    expect(hashText('')).toBe('00000000000000000000000000000000')
    expect(hashText('The quick brown fox jumps over the lazy dog')).toBe('2f1583c3ecee2c675d7bf66ce5e91d2c')
  })

  test('differs for keys that differ in any byte, in length, and under each seed', () => {
    const texts = Array.from({ length: 40 }, (_, length) => 'a'.repeat(length))
    for (let at = 0; at < 39; at += 1) texts.push(`${'a'.repeat(at)}b${'a'.repeat(38 - at)}`)
    const hashes = texts.flatMap((text) => [hashText(text, 1), hashText(text, 2)])
    expect(new Set(hashes).size).toBe(texts.length * 2)
  })
})

describe('the offset map', () => {
  test('knows the last offset of each key, however large it grows and wherever the log begins', async () => {
    const map = new OffsetMap({ memoryBytes: 1 << 24, loadFactor: 0.9, seed: 1 })
    map.restart(1n << 60n)
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 20_000; index += 1) {
        if (map.isCrowded) await map.grow(pace)
        expect(map.put(key(index), (1n << 60n) + BigInt(round) * (1n << 40n) + BigInt(index))).toBe(true)
      }
    }
    expect(map.size).toBe(20_000)
    for (let index = 0; index < 20_000; index += 999) expect(map.get(key(index))).toBe((1n << 60n) + (1n << 40n) + BigInt(index))
    expect(map.get(key(-1))).toBe(-1n)
    expect(map.latestOffset).toBe((1n << 60n) + (1n << 40n) + 19_999n)
  })

  test('is full at its load factor, in Kafka’s 24 bytes a key, for keys that it has as well', () => {
    const map = new OffsetMap({ memoryBytes: 24 * 100, loadFactor: 0.5, seed: 1 })
    map.restart(0n)
    for (let index = 0; index < 50; index += 1) expect(map.put(key(index), BigInt(index))).toBe(true)
    expect(map.put(key(50), 50n)).toBe(false)
    expect(map.put(key(0), 50n)).toBe(false)
    expect(map.latestOffset).toBe(49n)
    expect(map.get(key(0))).toBe(0n)
  })

  test('takes a key at least, however little memory it may use', () => {
    const map = new OffsetMap({ memoryBytes: 0, loadFactor: 0, seed: 1 })
    map.restart(0n)
    expect([map.put(key(0), 0n), map.put(key(1), 1n)]).toEqual([true, false])
    expect(map.get(key(2))).toBe(-1n)
  })

  test('forgets all for the next log', () => {
    const map = new OffsetMap({ memoryBytes: 2400, loadFactor: 0.9, seed: 1 })
    map.restart(0n)
    map.put(key(0), 7n)
    map.restart(0n)
    expect([map.size, map.get(key(0)), map.latestOffset]).toEqual([0, -1n, -1n])
  })
})
