import type { ByteLimit } from '../environment/byte-limit.ts'
import type { Clock } from '../environment/environment.ts'
import type { FetchedPartition, FetchLimits, FetchPartition, FindLog } from './fetch-query.ts'
import { FetchSessions, type FetchSessionsOptions } from './fetch-sessions.ts'
import { PartitionReader } from './partition-reader.ts'
import { WaitingFetch } from './waiting-fetch.ts'

export interface FetchServiceOptions extends Omit<FetchSessionsOptions, 'clock'> {
  /** Kafka's clock, by which sessions grow old. */
  readonly time: Clock
  /** The clock of max_wait. */
  readonly real: Clock
  /** fetch.max.bytes */
  readonly fetchBytesMax: number
  /** Bytes on their way to clients. */
  readonly outgoing: ByteLimit
}

/** What was read, and the reservation for it: given back when the socket has taken the answer. */
export interface Fetched {
  readonly partitions: readonly FetchedPartition[]
  release(): void
}

/** What of a client a wait depends on. */
export interface FetchCaller {
  onClose(run: () => void): () => void
}

/** Reads across partitions: waits until there is enough, takes room for it, reads. */
export class FetchService {
  readonly sessions: FetchSessions
  readonly #options: FetchServiceOptions

  constructor(options: FetchServiceOptions) {
    this.#options = options
    this.sessions = new FetchSessions({ slots: options.slots, random: options.random, clock: options.time })
  }

  async fetch(wanted: readonly FetchPartition[], limits: FetchLimits, findLog: FindLog, caller: FetchCaller): Promise<Fetched> {
    const readers = wanted.map((partition) => new PartitionReader(partition, limits, findLog))
    const waiting = new WaitingFetch(readers, limits)
    const due = waiting.wait(limits, this.#options.real)
    if (due !== undefined) {
      const left = caller.onClose(() => waiting.cancel())
      await due
      left()
    }
    return this.#read(readers, limits, waiting.availableBytes)
  }

  /** Reserves what it will read before it reads. Short of room it reads less, down to the one batch that a client must be given. */
  async #read(readers: readonly PartitionReader[], limits: FetchLimits, availableBytes: number): Promise<Fetched> {
    const { outgoing, fetchBytesMax } = this.#options
    const bytesMax = Math.max(0, Math.min(limits.maxBytes, fetchBytesMax))
    const wantedBytes = Number.isFinite(availableBytes) ? Math.min(bytesMax, availableBytes) : bytesMax
    if (wantedBytes > 0) await outgoing.whenAvailable()
    let reservedBytes = Math.min(wantedBytes, outgoing.availableBytes)
    outgoing.reserve(reservedBytes)
    const roomBytes = wantedBytes > reservedBytes ? reservedBytes : bytesMax
    const partitions: FetchedPartition[] = []
    let readBytes = 0
    try {
      for (const reader of readers) {
        const read = await reader.read(roomBytes - readBytes, readBytes === 0)
        partitions.push(read)
        readBytes += read.records.sizeBytes
      }
    } catch (error) {
      outgoing.release(reservedBytes)
      releaseRecords(partitions)
      throw error
    }
    if (readBytes > reservedBytes) outgoing.reserve(readBytes - reservedBytes)
    else outgoing.release(reservedBytes - readBytes)
    reservedBytes = readBytes
    return { partitions, release: () => outgoing.release(reservedBytes) }
  }
}

/** Lets go of records that are not going to be sent. */
export function releaseRecords(partitions: readonly FetchedPartition[]): void {
  for (const { records } of partitions) {
    for (const piece of records.pieces()) piece.release()
  }
}
