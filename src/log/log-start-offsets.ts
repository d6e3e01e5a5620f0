import { type NamedBytes, StorageError } from '../storage/storage.ts'
import { PartitionOffsets, readPartitionOffsets } from './partition-offsets.ts'

const fileName = 'log-start-offset-checkpoint'

/** The log start offsets that DeleteRecords moved, of all partitions of a storage: Kafka's `log-start-offset-checkpoint`. */
export class LogStartOffsets extends PartitionOffsets {
  /**
   * `has`: which partitions there are. What a crash left of others goes from the file at once: found there later, it would
   * hide the records of a topic that was made again under the name. Throws StorageError where the file is no such file: to
   * go on without it would bring deleted records back.
   */
  static async load(
    files: NamedBytes,
    has: (topic: string, partition: number) => boolean = () => true,
  ): Promise<LogStartOffsets> {
    const read = await readPartitionOffsets(files, fileName, has)
    if (read === null) {
      throw new StorageError('corrupt', `${fileName} is not what Kafka writes there; remove it to see all records that are left`)
    }
    const loaded = new LogStartOffsets(files, fileName, read.offsets)
    if (read.hasStale) await loaded.write()
    return loaded
  }

  /** 0 where none is kept. */
  get(topic: string, partition: number): bigint {
    return this.find(topic, partition) ?? 0n
  }
}
