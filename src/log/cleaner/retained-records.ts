import { sizeOfVarlong, writeVarint, writeVarlong } from '../../../protocol/records/varint.ts'
import type { RecordSpans } from './record-spans.ts'

/** The longest that a varint and a varlong can be. */
const varintBytesMax = 5
const varlongBytesMax = 10

interface RetainedRecord {
  readonly start: number
  readonly bodyStart: number
  readonly timestampEnd: number
  readonly end: number
  readonly timestampDelta: bigint
}

/** The records of a batch that stay, as places in its unpacked bytes. */
export class RetainedRecords {
  readonly #source: Buffer
  readonly #records: RetainedRecord[] = []
  #maxTimestamp = -1n
  #hasTombstones = false

  constructor(source: Buffer) {
    this.#source = source
  }

  get count(): number {
    return this.#records.length
  }

  get maxTimestamp(): bigint {
    return this.#maxTimestamp
  }

  get hasTombstones(): boolean {
    return this.#hasTombstones
  }

  add(record: RecordSpans, baseTimestamp: bigint): void {
    const { start, bodyStart, timestampEnd, end, timestampDelta } = record
    this.#records.push({ start, bodyStart, timestampEnd, end, timestampDelta })
    const timestamp = BigInt.asIntN(64, baseTimestamp + timestampDelta)
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    if (!record.hasValue) this.#hasTombstones = true
  }

  /** Their bytes, one behind the other; the deltas of their timestamps, once from `oldBase`, are from `newBase`. */
  bytes(oldBase: bigint, newBase: bigint): Buffer {
    return oldBase === newBase ? this.#copied() : this.#rebased(oldBase - newBase)
  }

  #copied(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#records.reduce((sum, { start, end }) => sum + end - start, 0))
    let at = 0
    for (const { start, end } of this.#records) at += this.#source.copy(bytes, at, start, end)
    return bytes
  }

  #rebased(shift: bigint): Buffer {
    const growthMax = varintBytesMax + varlongBytesMax
    const bytes = Buffer.allocUnsafe(this.#records.reduce((sum, { start, end }) => sum + end - start + growthMax, 0))
    let at = 0
    for (const { bodyStart, timestampEnd, end, timestampDelta } of this.#records) {
      const delta = BigInt.asIntN(64, timestampDelta + shift)
      at = writeVarint(bytes, at, 1 + sizeOfVarlong(delta) + end - timestampEnd)
      // The attributes of the record.
      bytes[at++] = this.#source[bodyStart]!
      at = writeVarlong(bytes, at, delta)
      at += this.#source.copy(bytes, at, timestampEnd, end)
    }
    return bytes.subarray(0, at)
  }
}
