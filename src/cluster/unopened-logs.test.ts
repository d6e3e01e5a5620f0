import { expect, test } from '@jest/globals'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { UnopenedLogs } from './unopened-logs.ts'

async function triesWithin(milliseconds: number, stepMs: number): Promise<number[]> {
  const clock = new SimulatedClock(0)
  const logs = new UnopenedLogs(clock)
  const tries: number[] = []
  expect(logs.failed('a', 0)).toBe(true)
  for (let at = 0; at < milliseconds; at += stepMs) {
    logs.retry('a', 0, async () => {
      tries.push(clock.nowMs())
      expect(logs.failed('a', 0)).toBe(false)
    })
    await clock.advance(stepMs)
  }
  return tries
}

test('a log that cannot be opened is tried again when it is asked for, after ever longer waits', async () => {
  expect(await triesWithin(100_000, 100)).toEqual([1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000])
})

test('one try is under way at a time, and who deletes the log waits for it', async () => {
  const clock = new SimulatedClock(0)
  const logs = new UnopenedLogs(clock)
  logs.failed('a', 0)
  await clock.advance(1000)
  let [begun, finish] = [0, (): void => {}]
  const open = (): Promise<void> => {
    begun += 1
    return new Promise((resolve) => {
      finish = resolve
    })
  }
  logs.retry('a', 0, open)
  logs.retry('a', 0, open)
  let forgotten = false
  const forgetting = logs.forget('a', 0).then(() => {
    forgotten = true
  })
  await clock.advance(60_000)
  expect([begun, forgotten]).toEqual([1, false])
  finish()
  await forgetting
  logs.retry('a', 0, open)
  expect(begun).toBe(1)
})
