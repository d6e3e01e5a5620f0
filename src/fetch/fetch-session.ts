import type { FetchedPartition, FetchPartition } from './fetch-query.ts'
import { partitionKey } from './fetch-query.ts'

interface Cached {
  wanted: FetchPartition
  /** What the client was told last; null: nothing yet, or an error. */
  highWatermark: bigint | null
  logStartOffset: bigint | null
}

/** The epoch of a request that begins a session, and of one that has none. */
export const FETCH_EPOCHS = { initial: 0, final: -1 } as const

/** After the largest epoch comes 1: 0 would begin a new session. */
export const nextSessionEpoch = (epoch: number): number => (epoch < 0 ? FETCH_EPOCHS.final : epoch === 0x7fffffff ? 1 : epoch + 1)

/**
 * What a client reads, remembered between its requests (KIP-227, `FetchSession`): a request names what changed, an answer holds
 * only partitions of which there is something to say.
 */
export class FetchSession {
  readonly id: number
  /** Topics are named by id (version 13 and later): a session cannot change that. */
  readonly usesTopicIds: boolean
  readonly createdMs: number
  lastUsedMs: number
  /** What the next request has to say. */
  epoch: number
  readonly #partitions = new Map<string, Cached>()

  constructor(id: number, usesTopicIds: boolean, nowMs: number) {
    this.id = id
    this.usesTopicIds = usesTopicIds
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
    this.epoch = nextSessionEpoch(FETCH_EPOCHS.initial)
  }

  get size(): number {
    return this.#partitions.size
  }

  /** What is wanted, in the order in which it is read. */
  wanted(): readonly FetchPartition[] {
    return [...this.#partitions.values()].map(({ wanted }) => wanted)
  }

  update(changed: readonly FetchPartition[], forgotten: readonly string[]): void {
    for (const wanted of changed) {
      const key = partitionKey(wanted.topic, wanted.partition)
      const cached = this.#partitions.get(key)
      if (cached === undefined) this.#partitions.set(key, { wanted, highWatermark: null, logStartOffset: null })
      else cached.wanted = wanted
    }
    for (const key of forgotten) this.#partitions.delete(key)
  }

  /** Notes what the first answer of the session says of its partitions. */
  noteFull(answer: readonly FetchedPartition[]): void {
    for (const partition of answer) {
      const cached = this.#partitions.get(partitionKey(partition.topic, partition.partition))
      if (cached !== undefined) note(partition, cached)
    }
  }

  /**
   * What of an answer has to be said, and notes it as said. Partitions that gave records move to the end, so that each
   * has its turn to be the first.
   */
  select(answer: readonly FetchedPartition[]): readonly FetchedPartition[] {
    return answer.filter((partition) => {
      const key = partitionKey(partition.topic, partition.partition)
      const cached = this.#partitions.get(key)
      if (cached === undefined || !isNews(partition, cached)) return false
      note(partition, cached)
      if (partition.records.sizeBytes > 0) {
        this.#partitions.delete(key)
        this.#partitions.set(key, cached)
      }
      return true
    })
  }
}

/** After an error everything is told again. */
function note(partition: FetchedPartition, cached: Cached): void {
  cached.highWatermark = partition.error === null ? partition.highWatermark : null
  cached.logStartOffset = partition.error === null ? partition.logStartOffset : null
}

function isNews(partition: FetchedPartition, cached: Cached): boolean {
  return (
    partition.error !== null ||
    partition.records.sizeBytes > 0 ||
    partition.divergingEpoch !== null ||
    partition.highWatermark !== cached.highWatermark ||
    partition.logStartOffset !== cached.logStartOffset
  )
}
