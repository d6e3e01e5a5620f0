import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { seededRandom } from '../../environment/random.ts'
import { CompactionHistory } from './test-compaction-history.ts'

const memorySeeds = 8
const segmentSeeds = 3
const steps = 200

/** Repeats one history: the seed that a failure named. */
const only = process.env['COMPACTION_SEED']

const firstSeed = seededRandom(Date.now()).bytes(4).readUInt32BE() % 1_000_000_000

const seedsOf = (count: number): number[] =>
  only === undefined ? Array.from({ length: count }, (_, index) => firstSeed + index) : [Number(only)]

async function run(seed: number, directory: string | null): Promise<void> {
  const history = await CompactionHistory.begin(seededRandom(seed), directory)
  try {
    for (let step = 0; step < steps; step += 1) await history.step()
    await history.finish()
  } catch (error) {
    throw new Error(`COMPACTION_SEED=${seed}${directory === null ? '' : ' on segments'}: ${history.told}`, { cause: error })
  } finally {
    await history.close()
  }
}

test('whatever happens, readers see the last record of each key, no record that was replaced, and no offset that was not there', async () => {
  for (const seed of seedsOf(memorySeeds)) await run(seed, null)
  expect.hasAssertions()
}, 120_000)

test('so too on a disk, across restarts', async () => {
  for (const seed of seedsOf(segmentSeeds)) {
    const directory = await mkdtemp(join(tmpdir(), 'compaction-'))
    try {
      await run(seed, directory)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  expect.hasAssertions()
}, 120_000)
