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
  /** Told when a Fetch begins to wait for room in `outgoing`. */
  readonly waitsForRoom?: () => void
}

/** What was read, and the reservation for it: given back when the socket has taken the answer. */
export interface Fetched {
  readonly partitions: readonly FetchedPartition[]
  release(): void
}

/** What of a client a wait depends on. */
export interface FetchCaller {
  /** Runs at once when it is closed already. Gives the way to take that back. */
  onClose(run: () => void): () => void
}

/** For a client that has gone. */
const nothingFetched: Fetched = { partitions: [], release: () => {} }

/** Reads across partitions: waits until there is enough, takes room for it, reads. */
export class FetchService {
  readonly sessions: FetchSessions
  readonly #options: FetchServiceOptions

  constructor(options: FetchServiceOptions) {
    this.#options = options
    this.sessions = new FetchSessions({ slots: options.slots, random: options.random, clock: options.time })
  }

  async fetch(wanted: readonly FetchPartition[], asked: FetchLimits, findLog: FindLog, caller: FetchCaller): Promise<Fetched> {
    const maxBytes = Math.max(0, Math.min(asked.maxBytes, this.#options.fetchBytesMax))
    const limits = { ...asked, maxBytes, minBytes: Math.min(asked.minBytes, maxBytes) }
    const readers = wanted.map((partition) => new PartitionReader(partition, limits, findLog))
    const waiting = new WaitingFetch(readers, limits)
    const due = waiting.wait(this.#options.real)
    if (due !== undefined) {
      const left = caller.onClose(() => waiting.cancel())
      const isDue = await due
      left()
      if (!isDue) return nothingFetched
    }
    const reserving = this.#reserve(Math.min(maxBytes, waiting.availableBytes), caller)
    const reservedBytes = typeof reserving === 'number' ? reserving : await reserving
    return reservedBytes === null ? nothingFetched : this.#read(readers, reservedBytes)
  }

  /**
   * Room for what is going to be read, or as much of it as there is; waits for its turn when there is none. One that was admitted takes all that is
   * left, so that those behind it go on waiting. Null: the client has gone.
   */
  #reserve(wantedBytes: number, caller: FetchCaller): number | Promise<number | null> {
    const { outgoing, waitsForRoom } = this.#options
    const take = (roomBytes: number): number => {
      const bytes = Math.min(wantedBytes, Math.max(0, roomBytes))
      outgoing.reserve(bytes)
      return bytes
    }
    if (wantedBytes === 0 || outgoing.availableBytes > 0) return take(outgoing.availableBytes)
    return new Promise((resolve) => {
      let left = (): void => {}
      const waiting = outgoing.reserveInTurn(0, () => {
        left()
        resolve(take(outgoing.limitBytes - outgoing.reservedBytes))
      })
      left = caller.onClose(() => {
        waiting.cancel()
        resolve(null)
      })
      waitsForRoom?.()
    })
  }

  /** Reads what there is room for, and at the least the one batch that a client must be given, however large. */
  async #read(readers: readonly PartitionReader[], reservedBytes: number): Promise<Fetched> {
    const { outgoing } = this.#options
    const partitions: FetchedPartition[] = []
    let readBytes = 0
    try {
      for (const reader of readers) {
        const reading = reader.read(reservedBytes - readBytes, readBytes === 0)
        const read = reading instanceof Promise ? await reading : reading
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
    return { partitions, release: () => outgoing.release(readBytes) }
  }
}

/** Lets go of records that are not going to be sent. */
export function releaseRecords(partitions: readonly FetchedPartition[]): void {
  for (const { records } of partitions) {
    for (const piece of records.pieces()) piece.release()
  }
}
