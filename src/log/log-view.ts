import { KafkaError } from '../../protocol/errors.ts'
import type { Retained } from '../../protocol/records/records-slice.ts'
import type { PartitionStorage } from '../storage/storage.ts'
import { type OffsetAndTimestamp, offsetFor } from './list-offsets.ts'
import type { LogEnds } from './log-ends.ts'
import type { LogStart } from './log-start.ts'
import type { LogState } from './log-state.ts'
import type { Isolation } from './partition-log.ts'
import { rethrowAsKafka, storageFailure } from './storage-errors.ts'

/** The part of a log that readers may see. */
export class LogView {
  readonly #storage: PartitionStorage
  readonly #state: LogState
  readonly #start: LogStart
  readonly #ends: LogEnds

  constructor(storage: PartitionStorage, state: LogState, start: LogStart, ends: LogEnds) {
    this.#storage = storage
    this.#state = state
    this.#start = start
    this.#ends = ends
  }

  get lastStableOffset(): bigint {
    const { highWatermark } = this.#ends
    const unstable = this.#state.knownProducers?.transactions.firstUnstableOffset(highWatermark) ?? null
    if (unstable === null || unstable >= highWatermark) return highWatermark
    // A transaction may have begun in what was deleted.
    if (unstable < this.#start.offset) return this.#start.offset
    return unstable
  }

  available(from: bigint, isolation: Isolation, enoughBytes: number): number {
    const end = this.#end(isolation)
    return from >= end || from < this.#start.offset ? 0 : this.#storage.available(from, end, enoughBytes)
  }

  read(
    from: bigint,
    isolation: Isolation,
    maxBytes: number,
    atLeastOne: boolean,
  ): readonly Retained[] | Promise<readonly Retained[]> {
    const { offset } = this.#start
    const { endOffset } = this.#storage
    if (from < offset || from > endOffset) {
      throw new KafkaError('OFFSET_OUT_OF_RANGE', `Offset ${from} lies outside of the log, ${offset} to ${endOffset}`)
    }
    const end = this.#end(isolation)
    if (from >= end) return []
    try {
      const pieces = this.#storage.read(from, end, maxBytes, atLeastOne)
      return pieces instanceof Promise ? pieces.catch(rethrowAsKafka) : pieces
    } catch (error) {
      throw storageFailure(error)
    }
  }

  async offsetFor(
    timestamp: bigint,
    isolation: Isolation,
    leaderEpoch: number,
    decompressedBytesMax: number,
  ): Promise<OffsetAndTimestamp> {
    const visible = {
      storage: this.#storage,
      start: this.#start.offset,
      end: this.#end(isolation),
      decompressedBytesMax,
      startEpoch: this.#epochOfStart(),
      leaderEpoch,
    }
    return await offsetFor(visible, timestamp)
  }

  #end(isolation: Isolation): bigint {
    return isolation === 'read_committed' ? this.lastStableOffset : this.#ends.highWatermark
  }

  /** -1 where records of a format without epochs may lie before the first one that is known. */
  #epochOfStart(): number {
    const { earliest } = this.#state.epochs
    return earliest !== undefined && earliest.startOffset <= this.#start.offset ? earliest.epoch : -1
  }
}
