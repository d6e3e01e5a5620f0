import { KafkaError } from '../../protocol/errors.ts'
import { incrementSequence } from '../../protocol/records/sequence.ts'
import type { ActiveProducer, ProducerAndEpoch, TransactionMarker, VerificationGuard } from './partition-log.ts'
import { checkEpoch, checkMarker, checkSequence, checkVerifiedSequence } from './producer-checks.ts'
import { Transactions } from './transactions.ts'
import { Verifications } from './verification.ts'

/** As many as a client may have in flight to one partition with idempotence on. */
const batchesKept = 5
const expiryCheckMs = 600_000

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
  /** Of the coordinator that last ended a transaction of it here; -1 before that. */
  coordinatorEpoch: number
  /** Where its open transaction began; -1 without one. */
  transactionStart: bigint
  /** All that is left of it is a marker: which sequences it had sent nobody knows. */
  sequenceIsLost: boolean
  /** Oldest first, all of `epoch`. */
  readonly batches: ProducerBatch[]
}

/** What of a batch the checks look at. */
export interface SequencedBatch {
  readonly by: 'client' | 'coordinator'
  readonly producerId: bigint
  readonly producerEpoch: number
  /** -1 in what a coordinator writes. */
  readonly baseSequence: number
  readonly lastOffsetDelta: number
  readonly isTransactional: boolean
}

/** Where a batch or a marker stands in the log. */
interface Appended {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly nowMs: number
}

/**
 * The producers that wrote to a partition, and the checks which make a retry harmless, a gap visible and a transaction one
 * that its coordinator knows of. A false refusal makes clients send again under a new epoch, and thereby doubles records.
 */
export class ProducerState {
  readonly transactions = new Transactions()
  readonly verifications: Verifications
  readonly #expirationMs: number
  readonly #entries = new Map<bigint, ProducerEntry>()
  #checkedAtMs = 0

  constructor(expirationMs: number, verifications: Verifications = new Verifications(expirationMs)) {
    this.#expirationMs = expirationMs
    this.verifications = verifications
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.transactions.unseenEnds === 0 && this.transactions.aborted.count === 0
  }

  get entries(): ReadonlyMap<bigint, ProducerEntry> {
    return this.#entries
  }

  /** Null: its transaction is open here, so nobody needs to be asked. Throws KafkaError. */
  beginVerification(
    producer: ProducerAndEpoch,
    baseSequence: number,
    epochBumps: boolean,
    nowMs: number,
  ): VerificationGuard | null {
    const entry = this.#live(producer.id, nowMs)
    if (entry !== undefined) {
      checkEpoch(entry, producer.id, producer.epoch)
      if (isInTransaction(entry, producer.epoch)) return null
    }
    return this.verifications.begin(producer, baseSequence, epochBumps, nowMs)
  }

  /** The batch that this one repeats, or null if it may be appended. Throws KafkaError, in the order of Kafka's checks. */
  check(batch: SequencedBatch, guard: VerificationGuard | 'not-required' | null, nowMs: number): ProducerBatch | null {
    const { producerId, producerEpoch } = batch
    const entry = this.#live(producerId, nowMs)
    const isClient = batch.by === 'client'
    if (isClient && entry !== undefined && entry.epoch === producerEpoch) {
      const duplicate = duplicateIn(entry, batch)
      if (duplicate !== null) return duplicate
    }
    // A stale epoch is told first: the client recovers from that, but not from a transaction that is not its own.
    if (entry !== undefined) checkEpoch(entry, producerId, producerEpoch)
    const verification = this.verifications.of(producerId)
    if (batch.isTransactional && guard !== 'not-required' && (entry === undefined || !isInTransaction(entry, producerEpoch))) {
      const isVerified = guard !== null && guard === verification
      if (!isVerified) throw new KafkaError('INVALID_TXN_STATE', 'The batch is not part of an open transaction')
    }
    if (isClient && verification !== undefined) checkVerifiedSequence(verification, entry, batch)
    if (isClient && entry !== undefined) checkSequence(entry, batch)
    if (entry !== undefined && entry.transactionStart >= 0n && !batch.isTransactional) {
      throw new KafkaError(
        'INVALID_TXN_STATE',
        `Producer ${producerId} has an open transaction here, which the batch is no part of`,
      )
    }
    return null
  }

  /** The batch was appended. */
  appended(batch: SequencedBatch, offset: bigint, timestamp: bigint, nowMs: number): void {
    if (nowMs - this.#checkedAtMs >= expiryCheckMs) this.#removeExpired(nowMs)
    const { producerId, baseSequence } = batch
    const lastOffset = offset + BigInt(batch.lastOffsetDelta)
    const lastSequence = baseSequence < 0 ? -1 : incrementSequence(baseSequence, batch.lastOffsetDelta)
    const added = { firstSequence: baseSequence, lastSequence, baseOffset: offset, lastOffset, timestamp }
    this.replay(producerId, batch.producerEpoch, added, batch.isTransactional, nowMs)
    if (batch.isTransactional) this.verifications.transactionBegan(producerId)
  }

  /** Throws KafkaError if a marker comes from a coordinator, or ends a transaction, that is no longer the last one known. */
  checkMarker(marker: TransactionMarker, nowMs: number): void {
    const entry = this.#live(marker.producerId, nowMs)
    if (entry !== undefined) checkMarker(entry, marker)
  }

  markerAppended(marker: TransactionMarker, offset: bigint, timestamp: bigint, nowMs: number): void {
    this.replayMarker(marker, { offset, timestamp, nowMs }, false)
    this.verifications.markerAppended(marker.producerId, marker.producerEpoch)
  }

  /** A batch found in the log, which was checked when it was appended. When that was nobody knows, so it counts as now. */
  replay(producerId: bigint, epoch: number, batch: ProducerBatch, isTransactional: boolean, nowMs: number): void {
    const entry = this.#entryAt(producerId, epoch, batch.timestamp, nowMs)
    remember(entry, batch)
    if (!isTransactional || entry.transactionStart >= 0n) return
    entry.transactionStart = batch.baseOffset
    this.transactions.begin(producerId, batch.baseOffset)
  }

  /** `isTail`: of a log that lacks its beginning, and perhaps what the transaction wrote. */
  replayMarker(
    marker: Pick<TransactionMarker, 'producerId' | 'producerEpoch' | 'commit' | 'coordinatorEpoch'>,
    { offset, timestamp, nowMs }: Appended,
    isTail: boolean,
  ): void {
    const { producerId } = marker
    const isNew = !this.#entries.has(producerId)
    const entry = this.#entryAt(producerId, marker.producerEpoch, timestamp, nowMs)
    if (isNew) entry.sequenceIsLost = isTail
    entry.coordinatorEpoch = marker.coordinatorEpoch
    if (entry.transactionStart < 0n) return
    this.transactions.end(producerId, entry.transactionStart, offset, marker.commit)
    entry.transactionStart = -1n
  }

  /** What a snapshot knows, before anything else is: producers that were silent for too long are forgotten. */
  restore(saved: ReadonlyMap<bigint, ProducerEntry>, nowMs: number): void {
    const open: { readonly producerId: bigint; readonly start: bigint }[] = []
    for (const [producerId, entry] of saved) {
      if (this.#isExpired(entry, nowMs)) continue
      this.#entries.set(producerId, entry)
      if (entry.transactionStart >= 0n) open.push({ producerId, start: entry.transactionStart })
    }
    open.sort((one, other) => (one.start < other.start ? -1 : 1))
    for (const { producerId, start } of open) this.transactions.begin(producerId, start)
  }

  /** Kafka keeps telling of idle producers until it next looks for them; these are forgotten by then. */
  active(): readonly ActiveProducer[] {
    return [...this.#entries].map(([producerId, entry]) => ({
      producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.transactionStart,
    }))
  }

  #entryAt(producerId: bigint, epoch: number, timestamp: bigint, nowMs: number): ProducerEntry {
    const entry = this.#entries.get(producerId)
    if (entry === undefined) {
      const made = newEntry(epoch, timestamp, nowMs)
      this.#entries.set(producerId, made)
      return made
    }
    if (entry.epoch !== epoch) {
      entry.epoch = epoch
      entry.batches.length = 0
      entry.sequenceIsLost = false
    }
    entry.lastTimestamp = timestamp
    entry.appendedAtMs = nowMs
    return entry
  }

  /** One whose transaction is open is never forgotten. */
  #live(producerId: bigint, nowMs: number): ProducerEntry | undefined {
    const entry = this.#entries.get(producerId)
    if (entry === undefined || !this.#isExpired(entry, nowMs)) return entry
    this.#entries.delete(producerId)
    return undefined
  }

  #isExpired(entry: ProducerEntry, nowMs: number): boolean {
    return entry.transactionStart < 0n && nowMs - entry.appendedAtMs >= this.#expirationMs
  }

  /** Done by the way, so that an idle partition needs no timer. */
  #removeExpired(nowMs: number): void {
    this.#checkedAtMs = nowMs
    for (const producerId of this.#entries.keys()) this.#live(producerId, nowMs)
    this.verifications.removeExpired(nowMs)
  }
}

export function newEntry(epoch: number, lastTimestamp: bigint, nowMs: number): ProducerEntry {
  return {
    epoch,
    lastTimestamp,
    appendedAtMs: nowMs,
    coordinatorEpoch: -1,
    transactionStart: -1n,
    sequenceIsLost: false,
    batches: [],
  }
}

/** A newer epoch may have begun since: then the transaction of the entry is not the one that is asked about. */
function isInTransaction(entry: ProducerEntry, epoch: number): boolean {
  return entry.transactionStart >= 0n && entry.epoch === epoch
}

function duplicateIn(entry: ProducerEntry, batch: SequencedBatch): ProducerBatch | null {
  const lastSequence = incrementSequence(batch.baseSequence, batch.lastOffsetDelta)
  for (const kept of entry.batches) {
    if (kept.firstSequence === batch.baseSequence && kept.lastSequence === lastSequence) return kept
  }
  return null
}

function remember(entry: ProducerEntry, batch: ProducerBatch): void {
  if (entry.batches.length === batchesKept) entry.batches.shift()
  entry.batches.push(batch)
}
