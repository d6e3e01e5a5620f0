import { KafkaError } from '../../protocol/errors.ts'
import type { RecordBatch } from '../../protocol/records/record-batch.ts'
import { incrementSequence } from '../../protocol/records/sequence.ts'

/** As many as a client may have in flight to one partition with idempotence on. */
const batchesKept = 5
const expiryCheckMs = 600_000
const sequenceMax = 0x7fffffff

/** A batch as the log has it, for the answer to its retry. */
export interface ProducerBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly timestamp: bigint
}

/** What a producer id last did here. */
export interface ProducerEntry {
  epoch: number
  lastTimestamp: bigint
  /** By the broker's clock: records carry whatever time their producer likes, none included. */
  appendedAtMs: number
  /** Oldest first, all of `epoch`. */
  readonly batches: ProducerBatch[]
}

/** What of a batch the checks look at. */
export interface SequencedBatch {
  readonly by: 'client' | 'coordinator'
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastOffsetDelta: number
}

/**
 * The producers that wrote to a partition, and the checks which make a retry harmless and a gap visible. A false refusal
 * makes clients send again under a new epoch, and thereby doubles records.
 */
export class ProducerState {
  readonly #expirationMs: number
  readonly #entries = new Map<bigint, ProducerEntry>()
  #checkedAtMs = 0

  constructor(expirationMs: number) {
    this.#expirationMs = expirationMs
  }

  get entries(): ReadonlyMap<bigint, ProducerEntry> {
    return this.#entries
  }

  clear(): void {
    this.#entries.clear()
  }

  /** The batch that this one repeats, or null if it may be appended. Throws KafkaError. */
  check(batch: SequencedBatch, nowMs: number): ProducerBatch | null {
    const entry = this.#live(batch.producerId, nowMs)
    if (entry === undefined) return null
    if (batch.by === 'client' && entry.epoch === batch.producerEpoch) {
      const duplicate = duplicateIn(entry, batch)
      if (duplicate !== null) return duplicate
    }
    checkEpoch(entry, batch)
    // A coordinator's records carry no sequences.
    if (batch.by === 'client') checkSequence(entry, batch)
    return null
  }

  /** The batch was appended. */
  appended(batch: SequencedBatch, baseOffset: bigint, timestamp: bigint, nowMs: number): void {
    if (nowMs - this.#checkedAtMs >= expiryCheckMs) this.#removeExpired(nowMs)
    const entry = this.#entryAt(batch.producerId, batch.producerEpoch, timestamp, nowMs)
    remember(entry, {
      firstSequence: batch.baseSequence,
      lastSequence: incrementSequence(batch.baseSequence, batch.lastOffsetDelta),
      baseOffset,
      lastOffset: baseOffset + BigInt(batch.lastOffsetDelta),
      timestamp,
    })
  }

  /** A batch found in the log, which was checked when it was appended. When that was nobody knows, so it counts as now. */
  replay(batch: RecordBatch, nowMs: number): void {
    const { producerId, maxTimestamp } = batch
    if (producerId < 0n) return
    const entry = this.#entryAt(producerId, batch.producerEpoch, maxTimestamp, nowMs)
    // The end of a transaction has an epoch but no sequence.
    if (batch.isControl) return
    const { baseOffset, lastOffset, baseSequence, lastSequence } = batch
    remember(entry, { firstSequence: baseSequence, lastSequence, baseOffset, lastOffset, timestamp: maxTimestamp })
  }

  /** A producer known from a snapshot alone, since its batches are no longer there. */
  restore(producerId: bigint, entry: ProducerEntry): void {
    if (!this.#entries.has(producerId)) this.#entries.set(producerId, entry)
  }

  #entryAt(producerId: bigint, epoch: number, timestamp: bigint, nowMs: number): ProducerEntry {
    const entry = this.#entries.get(producerId)
    if (entry === undefined) {
      const made: ProducerEntry = { epoch, lastTimestamp: timestamp, appendedAtMs: nowMs, batches: [] }
      this.#entries.set(producerId, made)
      return made
    }
    if (entry.epoch !== epoch) {
      entry.epoch = epoch
      entry.batches.length = 0
    }
    entry.lastTimestamp = timestamp
    entry.appendedAtMs = nowMs
    return entry
  }

  #live(producerId: bigint, nowMs: number): ProducerEntry | undefined {
    const entry = this.#entries.get(producerId)
    if (entry === undefined || nowMs - entry.appendedAtMs < this.#expirationMs) return entry
    this.#entries.delete(producerId)
    return undefined
  }

  /** Done by the way, so that an idle partition needs no timer. */
  #removeExpired(nowMs: number): void {
    this.#checkedAtMs = nowMs
    for (const producerId of this.#entries.keys()) this.#live(producerId, nowMs)
  }
}

function duplicateIn(entry: ProducerEntry, batch: SequencedBatch): ProducerBatch | null {
  const lastSequence = incrementSequence(batch.baseSequence, batch.lastOffsetDelta)
  for (const kept of entry.batches) {
    if (kept.firstSequence === batch.baseSequence && kept.lastSequence === lastSequence) return kept
  }
  return null
}

function checkEpoch(entry: ProducerEntry, batch: SequencedBatch): void {
  if (batch.producerEpoch >= entry.epoch) return
  throw new KafkaError(
    'INVALID_PRODUCER_EPOCH',
    `Producer ${batch.producerId} has epoch ${batch.producerEpoch}, but ${entry.epoch} was seen already`,
  )
}

function checkSequence(entry: ProducerEntry, batch: SequencedBatch): void {
  const { producerId, producerEpoch, baseSequence } = batch
  if (producerEpoch !== entry.epoch) {
    if (baseSequence === 0 || entry.epoch === -1) return
    throw outOfOrder(`Producer ${producerId} began epoch ${producerEpoch} with sequence ${baseSequence} instead of 0`)
  }
  const last = entry.batches.at(-1)?.lastSequence ?? -1
  if (baseSequence === last + 1 || (baseSequence === 0 && last === sequenceMax)) return
  throw outOfOrder(`Producer ${producerId} sent sequence ${baseSequence} after ${last}`)
}

function outOfOrder(message: string): KafkaError {
  return new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', message)
}

function remember(entry: ProducerEntry, batch: ProducerBatch): void {
  if (entry.batches.length === batchesKept) entry.batches.shift()
  entry.batches.push(batch)
}
