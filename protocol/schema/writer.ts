import type { RecordsSlice, Retained } from '../records/records-slice.ts'
import type { UnknownTag } from './reader.ts'

/** Where a writer's memory comes from, so that frames can be pooled. */
export interface WriterMemory {
  take(sizeBytes: number): Buffer
  give(buffer: Buffer): void
}

const freshMemory: WriterMemory = { take: (sizeBytes) => Buffer.allocUnsafe(sizeBytes), give: () => {} }

/** What a writer made: chunks to be written in order, and what to do when they were. */
export interface EncodedMessage {
  readonly chunks: readonly Buffer[]
  readonly sizeBytes: number
  /** Gives the writer's memory back and releases the records. Called once. */
  release(): void
}

const INITIAL_BYTES = 512
/** Records below this are copied among the other bytes: cheaper than a chunk of their own. */
const COPY_BYTES_MAX = 4096

/**
 * Writes the primitives of Kafka's protocol. Memory grows as needed; records become chunks of their own and are not copied
 * (small ones aside).
 */
export class Writer {
  readonly #memory: WriterMemory
  #buffer: Buffer
  #position = 0
  /** Where the bytes begin that are not in a chunk yet. */
  #chunkStart = 0
  #chunkedBytes = 0
  #frame: Buffer | null = null
  readonly #chunks: Buffer[] = []
  readonly #buffers: Buffer[] = []
  readonly #retained: Retained[] = []

  constructor(memory: WriterMemory = freshMemory, initialBytes = INITIAL_BYTES) {
    this.#memory = memory
    this.#buffer = memory.take(initialBytes)
    this.#buffers.push(this.#buffer)
  }

  get sizeBytes(): number {
    return this.#chunkedBytes + this.#position - this.#chunkStart
  }

  /** Leaves room for the int32 that says how many bytes the frame has; `finish` fills it in. Before anything else. */
  beginFrame(): void {
    this.#frame = this.#buffer
    this.#position = 4
  }

  finish(): EncodedMessage {
    const sizeBytes = this.sizeBytes
    if (this.#frame !== null) {
      const first = this.#chunks[0] ?? this.#buffer
      first.writeInt32BE(sizeBytes - 4, 0)
    }
    this.#endChunk()
    return { chunks: this.#chunks, sizeBytes, release: () => this.release() }
  }

  /** Gives back what a writer holds whose message will not be sent. */
  release(): void {
    for (const buffer of this.#buffers.splice(0)) this.#memory.give(buffer)
    for (const piece of this.#retained.splice(0)) piece.release()
  }

  /** All bytes in one buffer of their own; for what is stored rather than sent. */
  toBuffer(): Buffer {
    this.#endChunk()
    const joined = Buffer.concat(this.#chunks)
    this.release()
    return joined
  }

  #endChunk(): void {
    if (this.#position === this.#chunkStart) return
    this.#chunks.push(this.#buffer.subarray(this.#chunkStart, this.#position))
    this.#chunkedBytes += this.#position - this.#chunkStart
    this.#chunkStart = this.#position
  }

  #reserve(sizeBytes: number): number {
    const at = this.#position
    if (at + sizeBytes > this.#buffer.length) return this.#grow(sizeBytes)
    this.#position = at + sizeBytes
    return at
  }

  #grow(sizeBytes: number): number {
    const held = this.#position - this.#chunkStart
    const larger = this.#memory.take(Math.max(2 * this.#buffer.length, held + sizeBytes))
    this.#buffer.copy(larger, 0, this.#chunkStart, this.#position)
    // Chunks made before still point into the old buffer: it is given back with the others, at the end.
    this.#buffers.push(larger)
    this.#buffer = larger
    this.#chunkStart = 0
    this.#position = held + sizeBytes
    return held
  }

  bool(value: boolean): void {
    const at = this.#reserve(1)
    this.#buffer[at] = value ? 1 : 0
  }

  int8(value: number): void {
    const at = this.#reserve(1)
    this.#buffer.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    this.#buffer.writeInt16BE(value, at)
  }

  uint16(value: number): void {
    const at = this.#reserve(2)
    this.#buffer.writeUInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#buffer.writeInt32BE(value, at)
  }

  uint32(value: number): void {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, at)
  }

  int64(value: bigint): void {
    const at = this.#reserve(8)
    this.#buffer.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#buffer.writeDoubleBE(value, at)
  }

  uuid(value: string): void {
    const at = this.#reserve(16)
    if (this.#buffer.write(value, at, 16, 'base64url') !== 16) throw new RangeError(`"${value}" is no uuid in Kafka's text form.`)
  }

  unsignedVarint(value: number): void {
    const at = this.#reserve(varintBytes(value >>> 0))
    this.#putVarint(value, at)
  }

  #putVarint(value: number, start: number): void {
    let rest = value >>> 0
    let at = start
    while (rest > 0x7f) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[at] = rest
  }

  #text(value: string, length: number): void {
    const at = this.#reserve(length)
    this.#buffer.write(value, at, length, 'utf8')
  }

  string(value: string): void {
    const length = Buffer.byteLength(value)
    if (length > 32_767) throw new RangeError(`A string of ${length} bytes is longer than Kafka's limit of 32767.`)
    this.int16(length)
    this.#text(value, length)
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1)
    else this.string(value)
  }

  compactString(value: string): void {
    const length = Buffer.byteLength(value)
    if (length > 32_767) throw new RangeError(`A string of ${length} bytes is longer than Kafka's limit of 32767.`)
    this.unsignedVarint(length + 1)
    this.#text(value, length)
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0)
    else this.compactString(value)
  }

  raw(value: Buffer): void {
    const at = this.#reserve(value.length)
    value.copy(this.#buffer, at)
  }

  bytes(value: Buffer): void {
    this.int32(value.length)
    this.raw(value)
  }

  nullableBytes(value: Buffer | null): void {
    if (value === null) this.int32(-1)
    else this.bytes(value)
  }

  compactBytes(value: Buffer): void {
    this.unsignedVarint(value.length + 1)
    this.raw(value)
  }

  compactNullableBytes(value: Buffer | null): void {
    if (value === null) this.unsignedVarint(0)
    else this.compactBytes(value)
  }

  #slice(value: RecordsSlice): void {
    for (const piece of value.pieces()) {
      if (piece.bytes.length < COPY_BYTES_MAX) {
        this.raw(piece.bytes)
        piece.release()
      } else {
        this.#endChunk()
        this.#chunks.push(piece.bytes)
        this.#chunkedBytes += piece.bytes.length
        this.#retained.push(piece)
      }
    }
  }

  records(value: RecordsSlice): void {
    this.int32(value.sizeBytes)
    this.#slice(value)
  }

  nullableRecords(value: RecordsSlice | null): void {
    if (value === null) this.int32(-1)
    else this.records(value)
  }

  compactRecords(value: RecordsSlice): void {
    this.unsignedVarint(value.sizeBytes + 1)
    this.#slice(value)
  }

  compactNullableRecords(value: RecordsSlice | null): void {
    if (value === null) this.unsignedVarint(0)
    else this.compactRecords(value)
  }

  /** Begins a tagged field: its tag, and a byte of room for its size. `endTag` takes what this gives. */
  beginTag(tag: number): number {
    this.unsignedVarint(tag)
    this.#reserve(1)
    return this.#position - this.#chunkStart
  }

  endTag(start: number): void {
    const from = this.#chunkStart + start
    const sizeBytes = this.#position - from
    const more = varintBytes(sizeBytes) - 1
    if (more > 0) {
      this.#reserve(more)
      const moved = this.#chunkStart + start
      this.#buffer.copyWithin(moved + more, moved, moved + sizeBytes)
    }
    this.#putVarint(sizeBytes, this.#chunkStart + start - 1)
  }

  unknownTag(unknown: UnknownTag): void {
    this.unsignedVarint(unknown.tag)
    this.unsignedVarint(unknown.bytes.length)
    this.raw(unknown.bytes)
  }
}

function varintBytes(value: number): number {
  let size = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++
  return size
}
