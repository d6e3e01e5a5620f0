import { OwnedRecords, type RecordsSlice } from '../records/records-slice.ts'
import { MalformedMessage } from './malformed-message.ts'

/** The most array elements that one message may hold in all: a cap on what a frame of many empty elements can cost. */
const ELEMENTS_MAX = 1_000_000

/** Kafka refuses compact strings beyond what the older, int16-length form could hold. */
const STRING_BYTES_MAX = 32_767

/** Where a decoder leaves tags that the schema does not know, if the reader was asked to keep them. */
export const unknownTags: unique symbol = Symbol('unknownTags')

export interface UnknownTag {
  readonly tag: number
  readonly bytes: Buffer
}

export interface ReaderOptions {
  readonly keepUnknownTags?: boolean
  /** Makes the slice for a `records` field from the bytes between two positions of the buffer. */
  readonly records?: (start: number, end: number) => RecordsSlice
}

/**
 * Reads the primitives of Kafka's protocol from a buffer. Every length is checked against the bytes that are left before anything is
 * allocated. Strings and bytes are copied out, records are not.
 */
export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  readonly #keepUnknownTags: boolean
  readonly #records: (start: number, end: number) => RecordsSlice
  #elementsLeft = ELEMENTS_MAX

  constructor(buffer: Buffer, start = 0, end = buffer.length, options: ReaderOptions = {}) {
    this.buffer = buffer
    this.position = start
    this.end = end
    this.#keepUnknownTags = options.keepUnknownTags ?? false
    this.#records = options.records ?? ((from, to) => new OwnedRecords(buffer.subarray(from, to)))
  }

  get remaining(): number {
    return this.end - this.position
  }

  #take(sizeBytes: number): number {
    const at = this.position
    if (sizeBytes > this.end - at) {
      throw new MalformedMessage(`The message ends at byte ${this.end}, but ${sizeBytes} bytes are wanted at byte ${at}.`)
    }
    this.position = at + sizeBytes
    return at
  }

  bool(): boolean {
    return this.buffer[this.#take(1)] !== 0
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#take(2))
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#take(4))
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.#take(8))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#take(8))
  }

  uuid(): string {
    const at = this.#take(16)
    return this.buffer.toString('base64url', at, at + 16)
  }

  /** At most five bytes, as Kafka's ByteUtils reads it; the fifth gives the upper four bits. */
  unsignedVarint(): number {
    // Nearly all lengths, counts and tags have one byte.
    const first = this.position < this.end ? (this.buffer[this.position] as number) : 0x80
    if (first < 0x80) {
      this.position++
      return first
    }
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.#take(1)] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new MalformedMessage(`The varint before byte ${this.position} has more than five bytes.`)
  }

  /** The length of what follows; -1 for null. A compact one beyond int32 wraps to negative, hence to null, as in Java. */
  #length(compact: boolean): number {
    const length = compact ? (this.unsignedVarint() | 0) - 1 : this.int32()
    return length < 0 ? -1 : length
  }

  #text(length: number): string {
    const at = this.#take(length)
    return this.buffer.toString('utf8', at, at + length)
  }

  string(field: string): string {
    const length = this.int16()
    return length < 0 ? notNull(field) : this.#text(length)
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#text(length)
  }

  compactString(field: string): string {
    return this.compactNullableString() ?? notNull(field)
  }

  compactNullableString(): string | null {
    const length = this.#length(true)
    if (length < 0) return null
    if (length > STRING_BYTES_MAX)
      throw new MalformedMessage(`A string of ${length} bytes is longer than Kafka's limit of 32767.`)
    return this.#text(length)
  }

  #bytes(length: number): Buffer {
    const at = this.#take(length)
    return Buffer.from(this.buffer.subarray(at, at + length))
  }

  bytes(field: string): Buffer {
    return this.nullableBytes() ?? notNull(field)
  }

  nullableBytes(): Buffer | null {
    const length = this.#length(false)
    return length < 0 ? null : this.#bytes(length)
  }

  compactBytes(field: string): Buffer {
    return this.compactNullableBytes() ?? notNull(field)
  }

  compactNullableBytes(): Buffer | null {
    const length = this.#length(true)
    return length < 0 ? null : this.#bytes(length)
  }

  #slice(length: number): RecordsSlice {
    const at = this.#take(length)
    return this.#records(at, at + length)
  }

  records(field: string): RecordsSlice {
    return this.nullableRecords() ?? notNull(field)
  }

  nullableRecords(): RecordsSlice | null {
    const length = this.#length(false)
    return length < 0 ? null : this.#slice(length)
  }

  compactRecords(field: string): RecordsSlice {
    return this.compactNullableRecords() ?? notNull(field)
  }

  compactNullableRecords(): RecordsSlice | null {
    const length = this.#length(true)
    return length < 0 ? null : this.#slice(length)
  }

  /** The count of an array's elements, -1 for null. `elementBytesMin`: what one element takes at the least. */
  arrayLength(elementBytesMin: number): number {
    return this.#counted(this.#length(false), elementBytesMin)
  }

  compactArrayLength(elementBytesMin: number): number {
    return this.#counted(this.#length(true), elementBytesMin)
  }

  #counted(count: number, elementBytesMin: number): number {
    if (count <= 0) return count
    if (count * elementBytesMin > this.remaining) {
      throw new MalformedMessage(`An array claims ${count} elements, but only ${this.remaining} bytes are left.`)
    }
    this.#elementsLeft -= count
    if (this.#elementsLeft < 0) throw new MalformedMessage(`The message holds more than ${ELEMENTS_MAX} array elements.`)
    return count
  }

  /** Passes over a tag that the schema does not know; keeps its bytes in `kept` if the reader was asked to. */
  unknownTag(tag: number, sizeBytes: number, kept: UnknownTag[] | undefined): UnknownTag[] | undefined {
    const at = this.#take(sizeBytes)
    if (!this.#keepUnknownTags) return undefined
    const entry = { tag, bytes: Buffer.from(this.buffer.subarray(at, at + sizeBytes)) }
    if (kept === undefined) return [entry]
    kept.push(entry)
    return kept
  }
}

export function notNull(field: string): never {
  throw new MalformedMessage(`The field ${field} is null, which its version does not allow.`)
}
