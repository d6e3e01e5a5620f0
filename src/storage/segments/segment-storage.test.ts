import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Buffers } from '../../environment/buffers.ts'
import { systemTime } from '../../environment/clock.ts'
import { systemRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import type { Durability } from '../storage.ts'
import { storageSuite } from '../storage-suite.ts'
import { SegmentStorage } from './segment-storage.ts'

for (const durability of ['fsync', 'page-cache'] as const satisfies readonly Durability[]) {
  storageSuite(`segments, ${durability}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'segments-'))
    const buffers = new Buffers({ checked: true })
    const make = () =>
      new SegmentStorage({
        directory,
        files: new SystemFiles(),
        buffers,
        time: systemTime(),
        random: systemRandom(),
        logger: silentLogger,
        durability,
        threads: 4,
      })
    return { storage: make(), reopened: async () => make(), dispose: () => rm(directory, { recursive: true, force: true }) }
  })
}
