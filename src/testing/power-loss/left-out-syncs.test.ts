import { expect, test } from '@jest/globals'
import { leftOutSyncs } from './left-out-syncs.ts'
import { losePower } from './power-loss.ts'

const seeds = Array.from({ length: 24 }, (_, index) => index + 1)
/** Of simulations, which take as long as the machine has other work. */
const limitMs = 600_000

/** All of them take minutes: POWER_LOSS_LONG=1, as `make left-out-syncs` runs them. */
const tried = leftOutSyncs.filter(({ isQuick }) => isQuick || process.env['POWER_LOSS_LONG'] === '1')

/** (The directory from which a deleted log was taken is synced for tidiness: a folder that comes back is nobody's.) */
test.each(tried)(
  'a build that does not sync $what is caught',
  async ({ skips }) => {
    const found: string[] = []
    for (const seed of seeds) {
      if (found.length === 0)
        found.push(...(await losePower({ seed, cuts: 40, durationMs: 2500, skips, untilFound: true })).violations)
    }
    expect(found).not.toEqual([])
  },
  limitMs,
)
