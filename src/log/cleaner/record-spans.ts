import { InvalidRecords } from '../../../protocol/records/invalid-records.ts'
import { RecordCursor } from '../../../protocol/records/varint.ts'

/**
 * Goes through the unpacked records of a batch of magic 2 one by one, looking only at what decides whether a record stays. Records that
 * stay are copied as they are, so nothing is made of them.
 */
export class RecordSpans {
  readonly bytes: Buffer
  readonly #cursor: RecordCursor
  readonly #end: number
  #left: number
  /** Where the record begins, with its length, and ends. */
  start = 0
  end = 0
  /** Where its fields begin: one byte of attributes, then the timestamp's delta. */
  bodyStart = 0
  /** Behind the timestamp's delta. */
  timestampEnd = 0
  timestampDelta = 0n
  offsetDelta = 0
  key: Buffer | null = null
  hasValue = false

  constructor(bytes: Buffer, start: number, end: number, count: number) {
    this.bytes = bytes
    this.#cursor = new RecordCursor(bytes, start, end)
    if (count < 0) throw invalid(`A batch of ${count} records`)
    this.#end = end
    this.#left = count
  }

  /** False behind the last one. Throws InvalidRecords where the bytes do not hold as many records as they should. */
  next(): boolean {
    const cursor = this.#cursor
    if (this.#left === 0) {
      if (cursor.position !== this.#end) throw invalid(`${this.#end - cursor.position} bytes follow the last record of a batch`)
      return false
    }
    this.#left -= 1
    this.start = cursor.position
    const lengthBytes = cursor.readVarint()
    if (lengthBytes < 0 || lengthBytes > cursor.remaining)
      throw invalid(`A record of ${lengthBytes} bytes does not fit its batch`)
    this.bodyStart = cursor.position
    this.end = cursor.position + lengthBytes
    cursor.end = this.end
    cursor.readByte()
    this.timestampDelta = cursor.readVarlong()
    this.timestampEnd = cursor.position
    this.offsetDelta = cursor.readVarint()
    const keyBytes = cursor.readVarint()
    this.key = keyBytes < 0 ? null : cursor.slice(keyBytes)
    this.hasValue = cursor.readVarint() >= 0
    cursor.end = this.#end
    cursor.position = this.end
    return true
  }
}

function invalid(message: string): InvalidRecords {
  return new InvalidRecords('invalid', message)
}
