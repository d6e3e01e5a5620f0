import { Buffers } from '../../environment/buffers.ts'
import { systemTime } from '../../environment/clock.ts'
import { systemRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { testBatch } from '../test-batch.ts'
import { SegmentStorage } from './segment-storage.ts'

/** Appends to some partitions until it is killed, and says on standard output what is durable: `PARTITION END`. */
const storage = new SegmentStorage({
  directory: process.argv[2]!,
  files: new SystemFiles(),
  buffers: new Buffers(),
  time: systemTime(),
  random: systemRandom(),
  logger: silentLogger,
  durability: 'fsync',
  threads: 4,
})

await storage.open()
for (let partition = 0; partition < 3; partition++) {
  const log = await storage.openPartition(
    { topicId: 'Y3Jhc2gtdGVzdC10b3BpYw', topic: 'crash', partition },
    {
      onCorruption: 'cut',
      fence: 0,
      events: {
        written: () => {},
        durable: (end) => {
          process.stdout.write(`${partition} ${end}\n`)
          appendSome()
        },
        failed: (error) => {
          process.stdout.write(`failed ${error.message}\n`)
        },
      },
    },
  )
  const appendSome = (): void => {
    for (let count = 0; count < 20; count++) {
      const batch = testBatch({
        baseOffset: log.endOffset,
        records: 1 + (count % 3),
        paddingBytes: 100 + count * 1000 * partition,
      })
      log.append(batch.records, batch)
    }
    if (log.ranges().at(-1)!.sizeBytes > 200_000) log.roll()
  }
  appendSome()
}
