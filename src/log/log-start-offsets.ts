import type { NamedBytes } from '../storage/storage.ts'

/**
 * The log start offsets that DeleteRecords moved, of all partitions of a storage: Kafka's
 * `log-start-offset-checkpoint`, one text file for a data directory.
 */
export class LogStartOffsets {
  readonly #files: NamedBytes

  private constructor(files: NamedBytes) {
    this.#files = files
  }

  static async load(files: NamedBytes): Promise<LogStartOffsets> {
    return new LogStartOffsets(files)
  }

  /** 0 where none is kept. */
  get(_topic: string, _partition: number): bigint {
    return 0n
  }

  /** Settled when the file that holds it is durable. */
  async save(_topic: string, _partition: number, _offset: bigint): Promise<void> {
    await this.#files.list()
  }

  /** The partition is deleted. */
  async remove(_topic: string, _partition: number): Promise<void> {}
}
