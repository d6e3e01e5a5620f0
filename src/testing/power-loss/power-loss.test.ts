import { beforeAll, expect, test } from '@jest/globals'
import { losePower } from './power-loss.ts'

/** Another seed each time; the title of one that fails says how to see it again. */
const seed = Math.floor(Date.now() / 1000) % 1_000_000
const cuts = 60
const durationMs = 2000
/** Of simulations, which take as long as the machine has other work. */
const limitMs = 600_000

beforeAll(() => void process.stdout.write(`Losing power ${cuts} times in a run with the seed ${seed}.\n`))

test(
  `nothing that was acknowledged is lost: make power-loss SEED=${seed} CUTS=${cuts} DURATION=${durationMs}`,
  async () => {
    const report = await losePower({ seed, cuts, durationMs })
    expect(report.violations).toEqual([])
    expect(report.promises).toBeGreaterThan(0)
  },
  limitMs,
)

test(
  'one seed has one history',
  async () => {
    const first = await losePower({ seed: 5, cuts: 5, durationMs: 500 })
    expect(await losePower({ seed: 5, cuts: 5, durationMs: 500 })).toEqual(first)
  },
  limitMs,
)
