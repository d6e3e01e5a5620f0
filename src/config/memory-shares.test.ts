import { expect, test } from '@jest/globals'
import { memoryShares } from './memory-shares.ts'
import { resolveConfig, settingsSource } from './resolve-config.ts'

const mebibyte = 1024 * 1024
const sharesOf = (settings: Record<string, number>, machineBytes = 24 * 1024 * mebibyte) =>
  memoryShares(resolveConfig([settingsSource(settings, 'test')]).config, machineBytes)

test('buffers and caches together take 320 MiB where the machine has much', () => {
  const { received, outgoing, unwritten, indexes, idleBuffers } = sharesOf({})
  expect([received, outgoing, unwritten, indexes, idleBuffers].map((bytes) => bytes / mebibyte)).toEqual([64, 128, 64, 32, 32])
})

test('on a small machine, or in a small container, they take a quarter of what there is', () => {
  const sum = Object.values(sharesOf({}, 256 * mebibyte)).reduce((total, bytes) => total + bytes)
  expect(sum).toBeLessThanOrEqual(64 * mebibyte)
  expect(sum).toBeGreaterThan(63 * mebibyte)
})

test('memory.budget.bytes says how much they take, whatever the machine has', () => {
  expect(sharesOf({ 'memory.budget.bytes': 10 * mebibyte }).outgoing).toBe(4 * mebibyte)
})

test('a part that has a setting of its own is what that says', () => {
  const settings = {
    'queued.max.request.bytes': 1000,
    'queued.max.response.bytes': 2 * mebibyte,
    'storage.unwritten.max.bytes': 3 * mebibyte,
  }
  expect(sharesOf(settings)).toEqual({
    received: 1000,
    outgoing: 2 * mebibyte,
    unwritten: 3 * mebibyte,
    indexes: 32 * mebibyte,
    idleBuffers: 32 * mebibyte,
  })
})
