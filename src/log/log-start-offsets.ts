import { type NamedBytes, StorageError } from '../storage/storage.ts'
import { decodeCheckpoint, encodeCheckpoint, parseCheckpointNumber } from './checkpoint-text.ts'

const fileName = 'log-start-offset-checkpoint'

/**
 * The log start offsets that DeleteRecords moved, of all partitions of a storage: Kafka's
 * `log-start-offset-checkpoint`, one text file for a data directory. It has one owner, since every save writes all of it.
 */
export class LogStartOffsets {
  readonly #files: NamedBytes
  readonly #offsets: Map<string, bigint>
  #last: Promise<void> = Promise.resolve()
  #queued: Promise<void> | null = null

  private constructor(files: NamedBytes, offsets: Map<string, bigint>) {
    this.#files = files
    this.#offsets = offsets
  }

  /**
   * `has`: which partitions there are. What a crash left of others goes from the file at once: found there later, it would
   * hide the records of a topic that was made again under the name. Throws StorageError where the file is no such file: to
   * go on without it would bring deleted records back.
   */
  static async load(
    files: NamedBytes,
    has: (topic: string, partition: number) => boolean = () => true,
  ): Promise<LogStartOffsets> {
    const offsets = new Map<string, bigint>()
    let found = 0
    const bytes = await files.load(fileName)
    if (bytes !== null) {
      for (const [topic, partition, text] of decodeCheckpoint(bytes) ?? [[]]) {
        const offset = parseCheckpointNumber(text)
        if (topic === undefined || parseCheckpointNumber(partition) === null || offset === null || offset < 0n) {
          throw new StorageError(
            'corrupt',
            `${fileName} is not what Kafka writes there; remove it to see all records that are left`,
          )
        }
        found += 1
        if (has(topic, Number(partition))) offsets.set(keyOf(topic, Number(partition)), offset)
      }
    }
    const loaded = new LogStartOffsets(files, offsets)
    if (found > offsets.size) await loaded.#write()
    return loaded
  }

  /** 0 where none is kept. */
  get(topic: string, partition: number): bigint {
    return this.#offsets.get(keyOf(topic, partition)) ?? 0n
  }

  /** Settled when the file that holds it is durable. */
  save(topic: string, partition: number, offset: bigint): Promise<void> {
    this.#offsets.set(keyOf(topic, partition), offset)
    return this.#write()
  }

  /** The partition is about to be deleted: one made later under its name begins at 0. */
  async remove(topic: string, partition: number): Promise<void> {
    if (this.#offsets.delete(keyOf(topic, partition))) await this.#write()
  }

  /** One write at a time; all that change while it is under way share the next one. */
  #write(): Promise<void> {
    if (this.#queued === null) {
      this.#queued = this.#last.then(() => {
        this.#queued = null
        const entries = [...this.#offsets].map(([key, offset]) => `${key} ${offset}`)
        return this.#files.save(fileName, encodeCheckpoint(entries))
      })
      // Whoever asked for it hears of a failure; the next write is none the worse for it.
      this.#last = this.#queued.catch(() => {})
    }
    return this.#queued
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`
}
