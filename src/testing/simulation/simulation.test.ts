import { beforeAll, expect, test } from '@jest/globals'
import { Simulation, type SimulationReport } from './simulation.ts'

/** Other seeds each time; the title of one that fails says how to see it again. */
const now = Math.floor(Date.now() / 1000)
const freshSeeds = Array.from({ length: 3 }, (_, index) => now + index)
const freshHours = 0.3

const run = (seed: number, hours: number): Promise<SimulationReport> => new Simulation({ seed, hours }).run()

beforeAll(() => void process.stdout.write(`Simulated for ${freshHours} hours each: the seeds ${freshSeeds.join(', ')}.\n`))

test.each(freshSeeds)(`nothing is lost, doubled or owned twice: make simulate SEED=%i HOURS=${freshHours}`, async (seed) => {
  const { violations, lastLines } = await run(seed, freshHours)
  expect({ violations, lastLines: violations.length === 0 ? [] : lastLines }).toEqual({ violations: [], lastLines: [] })
})

test('one seed has one history, down to the bytes of its answers', async () => {
  const first = await run(3, 0.1)
  expect(await run(3, 0.1)).toEqual(first)
  expect((await run(4, 0.1)).digest).not.toBe(first.digest)
})
