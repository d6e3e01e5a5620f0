export interface ModelRecord {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly key: string
  readonly value: string | null
  readonly producerId: bigint | null
  /** Of records outside of transactions: committed. */
  outcome: 'open' | 'committed' | 'aborted'
}

/** A cleaning that was begun. */
export interface ModelCleaning {
  readonly nowMs: number
  /** Nothing at or above it was touched. */
  readonly upperBound: bigint
  /** All below is as the rules want it; null if it was given up. */
  endOffset: bigint | null
}

/** What compaction may do to a log, in the plainest terms: all records that ever were, and all cleanings. */
export class CompactionModel {
  readonly records: ModelRecord[] = []
  readonly cleanings: ModelCleaning[] = []
  readonly #deleteRetentionMs: number

  constructor(deleteRetentionMs: number) {
    this.#deleteRetentionMs = deleteRetentionMs
  }

  endTransaction(producerId: bigint, commit: boolean): void {
    for (const record of this.records) {
      if (record.producerId === producerId && record.outcome === 'open') record.outcome = commit ? 'committed' : 'aborted'
    }
  }

  /** It must not be there any more. */
  mustBeGone(record: ModelRecord): boolean {
    const cleaned = this.cleanings.filter(({ endOffset }) => endOffset !== null && endOffset > record.offset)
    if (cleaned.length === 0 || record.outcome === 'open') return false
    if (record.outcome === 'aborted') return true
    const end = largest(cleaned.map(({ endOffset }) => endOffset!))
    return this.#isReplaced(record, end) || (record.value === null && this.#isDue(cleaned))
  }

  /** It need not be there any more. */
  mayBeGone(record: ModelRecord): boolean {
    const touched = this.cleanings.filter(({ upperBound }) => upperBound > record.offset)
    if (touched.length === 0 || record.outcome === 'open') return false
    if (record.outcome === 'aborted') return true
    const end = largest(touched.map(({ upperBound }) => upperBound))
    return this.#isReplaced(record, end) || (record.value === null && this.#isDue(touched))
  }

  #isReplaced({ key, offset }: ModelRecord, end: bigint): boolean {
    return this.records.some(
      (other) => other.key === key && other.outcome === 'committed' && other.offset > offset && other.offset < end,
    )
  }

  /** A tombstone has been met, and met again when its time was over. */
  #isDue(met: readonly ModelCleaning[]): boolean {
    return met.some(({ nowMs }) => nowMs >= met[0]!.nowMs + this.#deleteRetentionMs && nowMs > met[0]!.nowMs)
  }
}

function largest(offsets: readonly bigint[]): bigint {
  let most = 0n
  for (const offset of offsets) if (offset > most) most = offset
  return most
}
