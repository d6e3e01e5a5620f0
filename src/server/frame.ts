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

  static copyOf(memory: FrameMemory, bytes: Buffer): PooledBytes {
    memory.received.reserve(bytes.length)
    const buffer = memory.buffers.take(bytes.length)
    bytes.copy(buffer)
    return new PooledBytes(memory, buffer, bytes.length)
  }

  hold(): void {
    this.#holders++
  }

  release(): void {
    this.#holders--
    if (this.#holders > 0) return
    this.#memory.buffers.give(this.buffer)
    this.#memory.received.release(this.#reservedBytes)
  }
}

/**
 * One request as it came: header and body, without the length before it. Its bytes lie in the reader's buffer, valid only
 * within the reader's callback, or in pooled memory.
 */
export class Frame {
  readonly bytes: Buffer
  readonly #memory: FrameMemory
  /** Null while the bytes lie in memory that is not ours to keep. */
  readonly #pooled: PooledBytes | null
  readonly #records: FrameRecords[] = []

  constructor(memory: FrameMemory, bytes: Buffer, pooled: PooledBytes | null) {
    this.#memory = memory
    this.bytes = bytes
    this.#pooled = pooled
    pooled?.hold()
  }

  /** The slice for a `records` field of this request. */
  records(start: number, end: number): RecordsSlice {
    const slice = new FrameRecords(this.#memory, this.bytes.subarray(start, end), this.#pooled)
    this.#records.push(slice)
    return slice
  }

  /** The request goes on beyond the reader's callback: its records move into pooled memory. */
  detach(): void {
    for (const slice of this.#records) slice.detach()
  }

  /** Nobody looks at the request's records any more; what was retained lives on. */
  done(): void {
    for (const slice of this.#records.splice(0)) slice.done()
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

  retain(): Retained {
    const pooled = this.#pooled
    if (pooled !== null) {
      pooled.hold()
      return { bytes: this.#bytes, release: () => pooled.release() }
    }
    const copy = PooledBytes.copyOf(this.#memory, this.#bytes)
    return { bytes: copy.buffer, release: () => copy.release() }
  }

  pieces(): readonly Retained[] {
    return [this.retain()]
  }

  detach(): void {
    if (this.#pooled !== null) return
    this.#pooled = PooledBytes.copyOf(this.#memory, this.#bytes)
    this.#own = true
    this.#bytes = this.#pooled.buffer
  }

  done(): void {
    if (this.#own) this.#pooled?.release()
  }
}
