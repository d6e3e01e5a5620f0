import { decodeCheckpoint, encodeCheckpoint, parseCheckpointNumber } from '../storage/checkpoint-text.ts'
import type { NamedBytes } from '../storage/storage.ts'

/** What a file told, and whether it told of partitions that are no more. */
interface ReadOffsets {
  readonly offsets: Map<string, bigint>
  readonly hasStale: boolean
}

/** The offsets of such a file, of the partitions that there are; empty where there is no file, null where it is none of Kafka's. */
export async function readPartitionOffsets(
  files: NamedBytes,
  fileName: string,
  has: (topic: string, partition: number) => boolean,
): Promise<ReadOffsets | null> {
  const offsets = new Map<string, bigint>()
  const bytes = await files.load(fileName)
  const entries = bytes === null ? [] : decodeCheckpoint(bytes)
  if (entries === null) return null
  for (const [topic, partition, text] of entries) {
    const offset = parseCheckpointNumber(text)
    if (topic === undefined || parseCheckpointNumber(partition) === null || offset === null || offset < 0n) return null
    if (has(topic, Number(partition))) offsets.set(keyOf(topic, Number(partition)), offset)
  }
  return { offsets, hasStale: entries.length > offsets.size }
}

/** One offset for each partition of a data directory, in one of Kafka's text files. It has one owner, since every save writes all of it. */
export class PartitionOffsets {
  readonly #files: NamedBytes
  readonly #fileName: string
  readonly #offsets: Map<string, bigint>
  #last: Promise<void> = Promise.resolve()
  #queued: Promise<void> | null = null

  constructor(files: NamedBytes, fileName: string, offsets: Map<string, bigint>) {
    this.#files = files
    this.#fileName = fileName
    this.#offsets = offsets
  }

  /** Undefined where none is kept. */
  find(topic: string, partition: number): bigint | undefined {
    return this.#offsets.get(keyOf(topic, partition))
  }

  /** Settled when the file that holds it is durable. */
  save(topic: string, partition: number, offset: bigint): Promise<void> {
    this.#offsets.set(keyOf(topic, partition), offset)
    return this.write()
  }

  /** The partition is about to be deleted: what holds for it does not hold for one made later under its name. */
  async remove(topic: string, partition: number): Promise<void> {
    if (this.#offsets.delete(keyOf(topic, partition))) await this.write()
  }

  /** One write at a time; all that change while it is under way share the next one. */
  protected write(): Promise<void> {
    if (this.#queued === null) {
      this.#queued = this.#last.then(() => {
        this.#queued = null
        const entries = [...this.#offsets].map(([key, offset]) => `${key} ${offset}`)
        return this.#files.save(this.#fileName, encodeCheckpoint(entries))
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
