/** What of the broker's configuration a transaction coordinator goes by; broker.ts fills it in. */
export interface TransactionSettings {
  /** transaction.max.timeout.ms */
  readonly maxTimeoutMs: number
  /** transaction.abort.timed.out.transaction.cleanup.interval.ms */
  readonly abortTimedOutIntervalMs: number
  /** transactional.id.expiration.ms */
  readonly idExpirationMs: number
  /** transaction.remove.expired.transaction.cleanup.interval.ms */
  readonly removeExpiredIntervalMs: number
  /** The largest batch that the internal topic takes (its max.message.bytes): a decision must fit into one. */
  readonly batchBytesMax: number
}

/** What the machine may look at besides its own state. */
export interface TransactionImage {
  /** The finalized level of transaction.version: what the coordinator itself aborts by, and in which version it writes. */
  readonly transactionVersion: number
}
