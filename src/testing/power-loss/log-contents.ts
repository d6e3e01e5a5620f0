import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { type RecordBatch, recordBatches } from '../../../protocol/records/record-batch.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import { commits } from '../simulation/committed-reader.ts'
import { nameIn } from './sent-records.ts'

export interface ReadRecord {
  readonly name: string
  /** Of its transaction; records without one are committed. */
  outcome: 'open' | 'committed' | 'aborted'
}

export interface LogContents {
  readonly startOffset: bigint
  readonly highWatermark: bigint
  readonly records: ReadonlyMap<bigint, ReadRecord>
  /** What no reader must ever be given. */
  readonly faults: readonly string[]
}

/** Reads a log from its start to its high watermark, and looks at every batch as a client that checks checksums does. */
export async function readLog(log: PartitionLog): Promise<LogContents> {
  for (;;) {
    const reader = new LogReader(log)
    try {
      await reader.read()
      return reader
    } catch (error) {
      // Retention took its front meanwhile.
      if (log.logStartOffset === reader.startOffset) throw error
    }
  }
}

class LogReader implements LogContents {
  readonly startOffset: bigint
  readonly highWatermark: bigint
  readonly records = new Map<bigint, ReadRecord>()
  readonly faults: string[] = []
  readonly #log: PartitionLog
  readonly #open = new Map<bigint, { readonly firstOffset: bigint; readonly records: ReadRecord[] }>()
  readonly #aborted: string[] = []
  #next: bigint

  constructor(log: PartitionLog) {
    this.#log = log
    this.startOffset = log.logStartOffset
    this.highWatermark = log.highWatermark
    this.#next = log.logStartOffset
  }

  async read(): Promise<void> {
    while (this.#next < this.highWatermark && this.faults.length === 0) {
      const from = this.#next
      for (const piece of await this.#log.read(from, 'read_uncommitted', 1 << 20, true)) {
        const bytes = Buffer.from(piece.bytes)
        piece.release()
        this.#take(bytes)
      }
      // What was never promised may be lost between two segments that are there, as in Kafka.
      if (this.#next === from) break
    }
    this.#checkAborted()
  }

  #take(bytes: Buffer): void {
    let end = 0
    for (const batch of recordBatches(bytes)) {
      end = batch.end
      if (!batch.hasValidCrc) this.faults.push(`the batch at ${batch.baseOffset} is torn`)
      if (batch.nextOffset <= this.#next) this.faults.push(`the batch at ${batch.baseOffset} comes after ${this.#next}`)
      if (this.faults.length > 0) return
      this.#next = batch.nextOffset
      if (batch.isControl) this.#end(batch)
      else this.#takeRecords(batch)
    }
    if (end !== bytes.length) this.faults.push(`${bytes.length - end} bytes behind ${this.#next} are no batch`)
  }

  #takeRecords(batch: RecordBatch): void {
    const { producerId, isTransactional, baseOffset } = batch
    let transaction = this.#open.get(producerId)
    if (isTransactional && transaction === undefined) {
      transaction = { firstOffset: baseOffset, records: [] }
      this.#open.set(producerId, transaction)
    }
    for (const { offset, value } of recordsOf(batch, 1 << 20)) {
      const record: ReadRecord = { name: nameIn(value), outcome: isTransactional ? 'open' : 'committed' }
      if (isTransactional) transaction?.records.push(record)
      if (offset >= this.startOffset) this.records.set(offset, record)
    }
  }

  #end(batch: RecordBatch): void {
    const transaction = this.#open.get(batch.producerId)
    const isCommit = commits(batch)
    if (transaction === undefined || isCommit === null) return
    this.#open.delete(batch.producerId)
    for (const record of transaction.records) record.outcome = isCommit ? 'committed' : 'aborted'
    if (!isCommit) this.#aborted.push(`${batch.producerId}@${transaction.firstOffset}`)
  }

  /** What consumers of committed records are told must be what the markers say. */
  #checkAborted(): void {
    if (this.faults.length > 0) return
    const told = this.#log.abortedTransactions(this.startOffset, this.highWatermark)
    const named = told.map(({ producerId, firstOffset }) => `${producerId}@${firstOffset}`)
    const [is, must] = [named.sort().join(' '), this.#aborted.sort().join(' ')]
    if (is !== must) this.faults.push(`told as aborted are ${is}, by the markers it is ${must}`)
  }
}
