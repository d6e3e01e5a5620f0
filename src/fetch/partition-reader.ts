import { KafkaError } from '../../protocol/errors.ts'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import { OwnedRecords, type Retained, RetainedRecords } from '../../protocol/records/records-slice.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { FetchedPartition, FetchLimits, FetchPartition, FindLog } from './fetch-query.ts'

export const NO_RECORDS = new OwnedRecords(Buffer.alloc(0))

interface State {
  readonly log: PartitionLog | null
  /** Why it cannot be read. */
  readonly error: KafkaError | null
  readonly diverging: FetchedPartition['divergingEpoch']
}

/** One partition of a Fetch: whether there is something to say about it, and what. */
export class PartitionReader {
  readonly #wanted: FetchPartition
  readonly #limits: FetchLimits
  readonly #findLog: FindLog
  #state: State
  /** What was written when the request came: its client may have been told of it, so it must be able to read it. */
  readonly #writtenOnArrival: bigint

  constructor(wanted: FetchPartition, limits: FetchLimits, findLog: FindLog) {
    this.#wanted = wanted
    this.#limits = limits
    this.#findLog = findLog
    this.#state = this.#look()
    this.#writtenOnArrival = this.#state.log?.writtenEnd ?? 0n
  }

  /** Looks again, after a change: whether the partition can be read from where the client stands. */
  refresh(): void {
    this.#state = this.#look()
  }

  #look(): State {
    const { topic, partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch } = this.#wanted
    try {
      const log = this.#findLog(topic, partition, currentLeaderEpoch)
      const diverging = lastFetchedEpoch < 0 ? null : divergence(log, lastFetchedEpoch, fetchOffset)
      // What is below the log's start cannot be read, diverging or not.
      if (fetchOffset < log.logStartOffset || (diverging === null && fetchOffset > log.logEndOffset)) {
        throw new KafkaError('OFFSET_OUT_OF_RANGE')
      }
      return { log, error: null, diverging }
    } catch (error) {
      if (error instanceof KafkaError) return { log: null, error, diverging: null }
      throw error
    }
  }

  /** How many bytes could be given now; null when there is an answer without any, because of an error or a divergence. */
  availableBytes(): number | null {
    const { log, diverging } = this.#state
    if (log === null || diverging !== null) return null
    const { fetchOffset, maxBytes } = this.#wanted
    const enoughBytes = Math.max(1, maxBytes)
    return Math.min(log.available(fetchOffset, this.#limits.isolation, enoughBytes), enoughBytes)
  }

  /** The client may know of records here that it cannot be given yet, for they are not durable. */
  get owesRecords(): boolean {
    const { log } = this.#state
    return log !== null && this.#wanted.fetchOffset >= log.highWatermark && this.#wanted.fetchOffset < this.#writtenOnArrival
  }

  /** Calls back when the answer may have changed; null if it cannot. */
  watch(changed: () => void): (() => void) | null {
    return this.#state.log?.watch(changed) ?? null
  }

  /** A promise only where the bytes are not at hand. */
  read(maxBytes: number, atLeastOne: boolean): FetchedPartition | Promise<FetchedPartition> {
    this.refresh()
    const { log, error, diverging } = this.#state
    if (log === null) return this.#failed(error ?? new KafkaError('UNKNOWN_SERVER_ERROR'))
    const { topic, partition, fetchOffset } = this.#wanted
    const { highWatermark, lastStableOffset, logStartOffset } = log
    const answer = (pieces: readonly Retained[]): FetchedPartition => ({
      topic,
      partition,
      error: null,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      divergingEpoch: diverging,
      abortedTransactions: this.#limits.isolation === 'read_committed' ? abortedIn(pieces, fetchOffset, log) : null,
      records: pieces.length === 0 ? NO_RECORDS : new RetainedRecords(pieces),
    })
    const bytesMax = Math.min(maxBytes, this.#wanted.maxBytes)
    if (diverging !== null || (bytesMax <= 0 && !atLeastOne)) return answer([])
    try {
      const read = log.read(fetchOffset, this.#limits.isolation, Math.max(0, bytesMax), atLeastOne)
      if (!(read instanceof Promise)) return answer(read)
      return read.then(
        (pieces) => (log.logStartOffset > fetchOffset ? this.#deletedMeanwhile(pieces) : answer(pieces)),
        (failure: unknown) => this.#failedBy(failure),
      )
    } catch (failure) {
      return this.#failedBy(failure)
    }
  }

  /** What is deleted is no longer known to be aborted or not. */
  #deletedMeanwhile(pieces: readonly Retained[]): FetchedPartition {
    for (const piece of pieces) piece.release()
    return this.#failed(new KafkaError('OFFSET_OUT_OF_RANGE'))
  }

  #failedBy(failure: unknown): FetchedPartition {
    if (failure instanceof KafkaError) return this.#failed(failure)
    throw failure
  }

  #failed(error: KafkaError): FetchedPartition {
    const { topic, partition } = this.#wanted
    const unknown = { highWatermark: -1n, lastStableOffset: -1n, logStartOffset: -1n }
    return { topic, partition, error, ...unknown, divergingEpoch: null, abortedTransactions: null, records: NO_RECORDS }
  }
}

/** The aborted transactions of what was read, by way of its headers: a reader far behind is told only of those that it meets. */
function abortedIn(pieces: readonly Retained[], fetchOffset: bigint, log: PartitionLog): FetchedPartition['abortedTransactions'] {
  const last = pieces.at(-1)
  if (last === undefined || !log.mayMeetAbortedTransactions(fetchOffset)) return []
  return log.abortedTransactions(fetchOffset, endOffsetOf(last.bytes))
}

/** Behind the last of some whole batches. */
function endOffsetOf(bytes: Buffer): bigint {
  const batch = new RecordBatch(bytes)
  while (batch.end < bytes.length) batch.moveTo(bytes, batch.end)
  return batch.nextOffset
}

/** Where a client's log parts from ours, if its last record is of an epoch that ended here before its offset (KIP-595). */
function divergence(log: PartitionLog, lastFetchedEpoch: number, fetchOffset: bigint): FetchedPartition['divergingEpoch'] {
  const { leaderEpoch, endOffset } = log.endOffsetForEpoch(lastFetchedEpoch)
  if (leaderEpoch < 0 || endOffset < 0n) throw new KafkaError('OFFSET_OUT_OF_RANGE')
  return leaderEpoch < lastFetchedEpoch || endOffset < fetchOffset ? { epoch: leaderEpoch, endOffset } : null
}
