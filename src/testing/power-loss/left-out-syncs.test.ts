import { test } from '@jest/globals'
import { leftOutSyncs } from './left-out-syncs.ts'
import { losePower } from './power-loss.ts'

const seeds = [1, 2, 3, 4, 5]

test.each(leftOutSyncs)('a build that does not sync $what is caught', async ({ skips }) => {
  for (const seed of seeds) {
    const { violations } = await losePower({ seed, cuts: 100, durationMs: 3000, skips, untilFound: true })
    if (violations.length > 0) return
  }
  throw new Error('nothing was found')
})
