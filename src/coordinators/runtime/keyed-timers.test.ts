import { expect, test } from '@jest/globals'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { KeyedTimers } from './keyed-timers.ts'

function timersOn(clock: SimulatedClock) {
  const taken: string[] = []
  const timers: KeyedTimers = new KeyedTimers(clock, (key) => {
    if (timers.take(key)) taken.push(`${key} at ${clock.nowMs()}`)
  })
  return { timers, taken }
}

test('a timer that is set again runs once, at the later time', async () => {
  const clock = new SimulatedClock(0)
  const { timers, taken } = timersOn(clock)
  timers.set('session', 100)
  await clock.advance(60)
  timers.set('session', 100)
  await clock.advance(60)
  expect(taken).toEqual([])
  await clock.advance(60)
  expect(taken).toEqual(['session at 160'])
  await clock.advance(1000)
  expect(taken).toHaveLength(1)
})

test('a timer that is set again may run earlier', async () => {
  const clock = new SimulatedClock(0)
  const { timers, taken } = timersOn(clock)
  timers.set('join', 1000)
  timers.set('join', 10)
  await clock.advance(2000)
  expect(taken).toEqual(['join at 10'])
})

test('heartbeats leave the clock alone', async () => {
  const clock = new SimulatedClock(0)
  const { timers } = timersOn(clock)
  for (let beat = 0; beat < 100; beat += 1) timers.set('session', 45_000)
  expect(clock.timerCount).toBe(1)
  timers.cancelAll()
  expect(clock.timerCount).toBe(0)
})

test('a timer that was cancelled or set again after it fell due is not taken', async () => {
  const clock = new SimulatedClock(0)
  const due: string[] = []
  const timers = new KeyedTimers(clock, (key) => due.push(key))
  timers.set('a', 10)
  timers.set('b', 10)
  await clock.advance(10)
  expect(due).toEqual(['a', 'b'])
  timers.cancel('a')
  timers.set('b', 10)
  expect([timers.take('a'), timers.take('b')]).toEqual([false, false])
  await clock.advance(10)
  expect(timers.take('b')).toBe(true)
  expect(timers.take('b')).toBe(false)
})
