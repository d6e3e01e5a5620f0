import { expect, test } from '@jest/globals'
import type { Clock } from '../../environment/environment.ts'
import { SharedTurns } from './shared-turns.ts'

/** Ends of turns that a test brings about. */
class TestTurns implements Pick<Clock, 'endOfTurn'> {
  #waiting: (() => void)[] = []

  endOfTurn(run: () => void): void {
    this.#waiting.push(run)
  }

  async end(): Promise<void> {
    for (const run of this.#waiting.splice(0)) run()
    for (let count = 0; count < 10; count += 1) await Promise.resolve()
  }
}

test('in each turn one does one step of its work, however many have some', async () => {
  const clock = new TestTurns()
  const turns = new SharedTurns(clock as unknown as Clock)
  const steps: string[] = []
  function* work(name: string, count: number): Generator<undefined, string> {
    for (let step = 1; step <= count; step += 1) {
      steps.push(`${name}${step}`)
      yield
    }
    return name
  }
  const all = Promise.all([turns.done(work('a', 3)), turns.done(work('b', 1)), turns.done(work('c', 2))])
  expect(steps).toEqual([])
  const counts: number[] = []
  for (let turn = 0; turn < 9; turn += 1) {
    await clock.end()
    counts.push(steps.length)
  }
  expect(await all).toEqual(['a', 'b', 'c'])
  expect(steps).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
  expect(counts).toEqual([1, 2, 3, 4, 4, 5, 6, 6, 6])
})

test('work that fails does not hold up the others', async () => {
  const clock = new TestTurns()
  const turns = new SharedTurns(clock as unknown as Clock)
  // biome-ignore lint/correctness/useYield: it fails before
  function* failing(): Generator<undefined, string> {
    throw new Error('a bug')
  }
  // biome-ignore lint/correctness/useYield: there is one step
  function* short(): Generator<undefined, string> {
    return 'done'
  }
  const [failed, done] = [turns.done(failing()), turns.done(short())]
  failed.catch(() => {})
  await clock.end()
  await clock.end()
  await expect(failed).rejects.toThrow('a bug')
  await expect(done).resolves.toBe('done')
})
