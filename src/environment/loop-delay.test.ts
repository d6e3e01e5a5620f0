import { expect, test } from '@jest/globals'
import { LoopDelay } from './loop-delay.ts'
import { RecordingLogger } from './recording-logger.ts'
import { SimulatedClock } from './simulated-clock.ts'

function holdTheLoop(holdMs: number): void {
  const until = performance.now() + holdMs
  while (performance.now() < until);
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

test('work that holds the event loop shows in the largest delay, and is said once', async () => {
  const clock = new SimulatedClock()
  const logger = new RecordingLogger()
  const delay = new LoopDelay(clock, logger)
  delay.start()
  // The first entry is made by the second tick of its timer.
  while (delay.read().maxMs < 1000) {
    holdTheLoop(1100)
    await nextTurn()
  }
  await clock.advance(60_000)
  await clock.advance(60_000)
  delay.stop()
  expect(delay.read().p50Ms).toBeLessThanOrEqual(delay.read().maxMs)
  expect(logger.lines.map(({ message }) => message)).toEqual([expect.stringContaining('Requests had to wait')])
})

test('nothing is measured before the start', () => {
  expect(new LoopDelay(new SimulatedClock(), new RecordingLogger()).read()).toEqual({ meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 })
})
