import { expect, test } from '@jest/globals'
import { LogWaits } from './log-waits.ts'

function recorded(waits: LogWaits, ends: readonly bigint[]): string[] {
  const done: string[] = []
  for (const end of ends) {
    waits.until(end).then(
      () => done.push(`${end}`),
      () => done.push(`failed ${end}`),
    )
  }
  return done
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('who waits is woken once his end is reached, and no sooner', async () => {
  const waits = new LogWaits()
  const done = recorded(waits, [5n, 9n, 7n, 5n])
  waits.reached(4n)
  await settled()
  expect(done).toEqual([])
  waits.reached(8n)
  await settled()
  expect(done).toEqual(['5', '5', '7'])
  waits.reached(9n)
  await settled()
  expect(done).toEqual(['5', '5', '7', '9'])
})

test('all who wait for one end share a promise', () => {
  const waits = new LogWaits()
  expect(waits.until(3n)).toBe(waits.until(3n))
})

test('a failure wakes all', async () => {
  const waits = new LogWaits()
  const done = recorded(waits, [1n, 2n])
  waits.reject(new Error('failed'))
  await settled()
  expect(done).toEqual(['failed 1', 'failed 2'])
})
