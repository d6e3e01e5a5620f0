import { expect, test } from '@jest/globals'
import { Simulation, type SimulationReport } from './simulation.ts'

/** Days since 1970: CI tries other seeds each day, and the title of a failed one says how to see it again. */
const today = Math.floor(Date.now() / 86_400_000)
const freshSeeds = Array.from({ length: 4 }, (_, index) => today * 10 + index)

const run = (seed: number, hours: number): Promise<SimulationReport> => new Simulation({ seed, hours }).run()

test.each(freshSeeds)('nothing is lost, doubled or owned twice: make simulate SEED=%i HOURS=0.5', async (seed) => {
  const { violations, lastLines } = await run(seed, 0.5)
  expect({ violations, lastLines: violations.length === 0 ? [] : lastLines }).toEqual({ violations: [], lastLines: [] })
})

test('one seed has one history', async () => {
  const [first, second] = [await run(12, 0.1), await run(12, 0.1)]
  expect(second).toEqual(first)
  expect((await run(13, 0.1)).digest).not.toBe(first.digest)
})
