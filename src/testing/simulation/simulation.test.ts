import { expect, test } from '@jest/globals'
import { Simulation, type SimulationReport } from './simulation.ts'

/** Other seeds each day; the title of a failed one says how to see it again. */
const today = Math.floor(Date.now() / 86_400_000)
const freshSeeds = Array.from({ length: 3 }, (_, index) => today * 10 + index)

const run = (seed: number, hours: number): Promise<SimulationReport> => new Simulation({ seed, hours }).run()

test.each(freshSeeds)('nothing is lost, doubled or owned twice: make simulate SEED=%i HOURS=0.3', async (seed) => {
  const { violations, lastLines } = await run(seed, 0.3)
  expect({ violations, lastLines: violations.length === 0 ? [] : lastLines }).toEqual({ violations: [], lastLines: [] })
})

test('one seed has one history, down to the bytes of its answers', async () => {
  const first = await run(3, 0.1)
  expect(await run(3, 0.1)).toEqual(first)
  expect((await run(4, 0.1)).digest).not.toBe(first.digest)
})
