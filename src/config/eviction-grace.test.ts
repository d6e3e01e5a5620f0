import { expect, test } from '@jest/globals'
import { evictionGraceMs } from './eviction-grace.ts'
import { resolveConfig, settingsSource } from './resolve-config.ts'

const graceOf = (settings: Readonly<Record<string, string | number>>): number | null =>
  evictionGraceMs(resolveConfig([settingsSource(settings, 'the test')]).config)

test('unset, members are evicted only where data is in memory, some time after they should have sent a heartbeat', () => {
  expect(graceOf({})).toBeNull()
  expect(graceOf({ 'storage.type': 'memory' })).toBe(7000)
  expect(graceOf({ 'storage.type': 'memory', 'group.consumer.heartbeat.interval.ms': 10_000 })).toBe(12_000)
  expect(graceOf({ 'storage.type': 'memory', 'group.evict.on.disconnect': -1 })).toBeNull()
  expect(graceOf({ 'group.evict.on.disconnect': 6000 })).toBe(6000)
})

test.each([
  [3000, { 'group.consumer.heartbeat.interval.ms': 2000, 'group.consumer.min.heartbeat.interval.ms': 1000 }],
  [5000, {}],
  [0, {}],
])('a grace of %i ms that is not above the heartbeat intervals stops the start', (graceMs, settings) => {
  expect(() => graceOf({ ...settings, 'group.evict.on.disconnect': graceMs })).toThrow(
    `group.evict.on.disconnect (${graceMs}) must be above 3000 and group.consumer.heartbeat.interval.ms`,
  )
})
