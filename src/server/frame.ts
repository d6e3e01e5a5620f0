import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import type { Buffers } from '../environment/buffers.ts'
import type { ByteLimit } from '../environment/byte-limit.ts'

/** Memory that frames lie in, and the limit under which every byte stands that outlives the reader's callback. */
export interface FrameMemory {
  readonly buffers: Buffers
  readonly received: ByteLimit
}

/** A pooled buffer with received bytes, reserved under the limit until the last one who needs it lets go. */
export class PooledBytes {
  readonly buffer: Buffer
  readonly #memory: FrameMemory
  readonly #reservedBytes: number
  #holders = 1

  /** The bytes are reserved already, under `memory.received`. */
  constructor(memory: FrameMemory, buffer: Buffer, reservedBytes: number) {
    this.#memory = memory
    this.buffer = buffer
    this.#reservedBytes = reservedBytes
  }

  /** One behind the other. They are here already, so they are reserved, if at all, whatever the sum is. */
  static copyOf(memory: FrameMemory, reserves: boolean, ...parts: readonly Buffer[]): PooledBytes {
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
    if (reserves) memory.received.reserve(sizeBytes)
    const buffer = memory.buffers.take(sizeBytes)
    let at = 0
    for (const part of parts) at += part.copy(buffer, at)
    return new PooledBytes(memory, buffer, reserves ? sizeBytes : 0)
  }

  hold(): void {
    this.#holders++
  }

  release(): void {
    this.#holders--
    if (this.#holders < 0) throw new Error('received bytes were let go of more often than they were held')
    if (this.#holders > 0) return
    this.#memory.buffers.give(this.buffer)
    this.#memory.received.release(this.#reservedBytes)
  }
}

const noRecords: FrameRecords[] = []

/**
 * One request as it came: header and body, without the length before it. Its bytes lie in the reader's buffer, valid only
 * within the reader's callback, or in pooled memory.
 */
export class Frame {
  readonly bytes: Buffer
  readonly #memory: FrameMemory
  /** Null while the bytes lie in memory that is not ours to keep. */
  readonly #pooled: PooledBytes | null
  #records = noRecords
  #done = false

  constructor(memory: FrameMemory, bytes: Buffer, pooled: PooledBytes | null) {
    this.#memory = memory
    this.bytes = bytes
    this.#pooled = pooled
    pooled?.hold()
  }

  /** The slice for a `records` field of this request. */
  records(start: number, end: number): RecordsSlice {
    const slice = new FrameRecords(this.#memory, this.bytes.subarray(start, end), this.#pooled)
    if (this.#records === noRecords) this.#records = []
    this.#records.push(slice)
    return slice
  }

  /** Every other field was decoded to memory of its own: without records nobody looks at the bytes any more. */
  get hasRecords(): boolean {
    return this.#records.length > 0
  }

  /** The request goes on beyond the reader's callback: its records move into pooled memory. */
  detach(): void {
    for (const slice of this.#records) slice.detach()
  }

  /** Nobody looks at the request's records any more; what was retained lives on. */
  done(): void {
    if (this.#done) return
    this.#done = true
    for (const slice of this.#records) slice.done()
    this.#pooled?.release()
  }
}

class FrameRecords implements RecordsSlice {
  readonly #memory: FrameMemory
  #bytes: Buffer
  #pooled: PooledBytes | null
  /** The pooled copy was made for this slice alone. */
  #own = false

  constructor(memory: FrameMemory, bytes: Buffer, pooled: PooledBytes | null) {
    this.#memory = memory
    this.#bytes = bytes
    this.#pooled = pooled
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  view(): Buffer {
    return this.#bytes
  }

  /** Pins a pooled copy, which is made once: from then on it is the slice itself. */
  retain(): Retained {
    const pooled = this.#pool()
    pooled.hold()
    return { bytes: this.#bytes, release: () => pooled.release() }
  }

  pieces(): readonly Retained[] {
    return [this.retain()]
  }

  detach(): void {
    this.#pool()
  }

  #pool(): PooledBytes {
    if (this.#pooled !== null) return this.#pooled
    this.#pooled = PooledBytes.copyOf(this.#memory, true, this.#bytes)
    this.#own = true
    this.#bytes = this.#pooled.buffer
    return this.#pooled
  }

  done(): void {
    if (this.#own) this.#pooled?.release()
  }
}
