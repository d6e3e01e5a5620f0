import type { Logger } from '../../environment/logger.ts'
import type { NamedBytes } from '../../storage/storage.ts'
import { PartitionOffsets, readPartitionOffsets } from '../partition-offsets.ts'

const fileName = 'cleaner-offset-checkpoint'

/**
 * Up to where each compacted partition of a storage was cleaned: Kafka's `cleaner-offset-checkpoint`. One that belongs to another log of the
 * same name would be worse than none: what a tombstone deletes could come back once the tombstone is gone.
 */
export class CleanerOffsets extends PartitionOffsets {
  /** `has`: which partitions there are. A file that is none is passed over, since to clean all again takes time and nothing else. */
  static async load(
    files: NamedBytes,
    logger: Logger,
    has: (topic: string, partition: number) => boolean = () => true,
  ): Promise<CleanerOffsets> {
    const read = await readPartitionOffsets(files, fileName, has)
    if (read === null) logger.warn({ file: fileName }, `${fileName} is not what Kafka writes there: compaction begins anew`)
    const loaded = new CleanerOffsets(files, fileName, read?.offsets ?? new Map())
    if (read === null || read.hasStale) await loaded.write()
    return loaded
  }
}
