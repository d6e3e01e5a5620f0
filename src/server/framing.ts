import type { Waiting } from '../environment/byte-limit.ts'
import { Frame, type FrameMemory, PooledBytes } from './frame.ts'

/** What framing asks of its connection. */
export interface FrameTaker {
  /** Takes a frame. False: no further one until `framing.proceed()`. */
  take(frame: Frame): boolean
  /** No bytes are wanted until `wanted`. */
  unwanted(): void
  wanted(): void
  /** A frame has begun that waits for its turn to be given memory. */
  waitsForMemory(): void
  /** Bytes that cannot be a frame; the connection ends. */
  broken(reason: string): void
}

const SIZE_BYTES = 4

/**
 * Cuts a connection's bytes into frames: an int32 that says how many bytes follow, then these. A frame that lies whole in the chunk that was
 * read is handed on as a view. One that does not is put together in a buffer of its own size, which the reader then fills in place; its announced
 * length is reserved first, in turn with other connections.
 */
export class Framing {
  readonly #memory: FrameMemory
  readonly #taker: FrameTaker
  readonly #frameBytesMax: number
  readonly #size = Buffer.alloc(SIZE_BYTES)
  #sizeFilled = 0
  /** A frame that has begun. `pooled` is null while it waits to be admitted. */
  #partial: { sizeBytes: number; filled: number; pooled: PooledBytes | null } | null = null
  #waiting: Waiting | null = null
  /** Bytes that came but cannot be looked at yet. */
  #backlog: { pooled: PooledBytes; from: number; to: number } | null = null
  #stopped = false

  constructor(memory: FrameMemory, taker: FrameTaker, frameBytesMax: number) {
    this.#memory = memory
    this.#taker = taker
    this.#frameBytesMax = frameBytesMax
  }

  /** Where the next bytes should be read to; null: anywhere. */
  target(): Buffer | null {
    const partial = this.#partial
    if (partial === null || partial.pooled === null) return null
    return partial.pooled.buffer.subarray(partial.filled, partial.sizeBytes)
  }

  /** Whether a frame is being put together, and how far it is: what the watch on stalled frames looks at. */
  get admittedBytes(): number | null {
    return this.#partial?.pooled == null ? null : this.#partial.filled
  }

  /** Bytes came. They may be overwritten after this call, unless they lie in `target()`. */
  received(bytes: Buffer): void {
    const target = this.target()
    if (target !== null && this.#partial !== null && bytes.buffer === target.buffer && bytes.byteOffset === target.byteOffset) {
      this.#partial.filled += bytes.length
      if (this.#partial.filled === this.#partial.sizeBytes && !this.#finishPartial()) this.#taker.unwanted()
      return
    }
    if (this.#backlog !== null || this.#waiting !== null) this.#keep(bytes, null)
    else this.#consume(bytes, null)
  }

  /** The connection can take frames again. */
  proceed(): void {
    const backlog = this.#backlog
    if (backlog !== null) {
      this.#backlog = null
      this.#consume(backlog.pooled.buffer.subarray(backlog.from, backlog.to), backlog.pooled)
      backlog.pooled.release()
    }
    if (!this.#stopped && this.#backlog === null && this.#waiting === null) this.#taker.wanted()
  }

  /** The connection has ended: everything is given back. */
  stop(): void {
    this.#stopped = true
    this.#waiting?.cancel()
    this.#waiting = null
    this.#backlog?.pooled.release()
    this.#backlog = null
    this.#partial?.pooled?.release()
    this.#partial = null
  }

  /** Hands on the frame that was put together; false: the connection takes no further one now. */
  #finishPartial(): boolean {
    const partial = this.#partial
    if (partial?.pooled == null) return true
    this.#partial = null
    const frame = new Frame(this.#memory, partial.pooled.buffer.subarray(0, partial.sizeBytes), partial.pooled)
    partial.pooled.release()
    return this.#taker.take(frame)
  }

  /** Keeps what cannot be used now, and asks for no more. `pooled`: what the bytes lie in, if that is ours. */
  #keep(bytes: Buffer, pooled: PooledBytes | null): void {
    this.#taker.unwanted()
    if (bytes.length === 0 || this.#stopped) return
    const before = this.#backlog
    if (before === null && pooled !== null) {
      pooled.hold()
      const from = bytes.byteOffset - pooled.buffer.byteOffset
      this.#backlog = { pooled, from, to: from + bytes.length }
      return
    }
    const joined = before === null ? bytes : Buffer.concat([before.pooled.buffer.subarray(before.from, before.to), bytes])
    this.#backlog = { pooled: PooledBytes.copyOf(this.#memory, joined), from: 0, to: joined.length }
    before?.pooled.release()
  }

  #consume(bytes: Buffer, pooled: PooledBytes | null): void {
    let at = 0
    while (at < bytes.length && !this.#stopped) {
      let more: boolean
      if (this.#partial !== null) {
        at = this.#fill(bytes, at)
        if (this.#partial.filled < this.#partial.sizeBytes) return
        more = this.#finishPartial()
      } else {
        at = this.#takeSize(bytes, at)
        if (this.#sizeFilled < SIZE_BYTES) return
        this.#sizeFilled = 0
        const sizeBytes = this.#size.readInt32BE(0)
        if (sizeBytes < 0 || sizeBytes > this.#frameBytesMax) {
          this.#taker.broken(sizeSentence(sizeBytes, this.#frameBytesMax))
          return
        }
        if (bytes.length - at < sizeBytes) {
          more = this.#begin(sizeBytes)
        } else {
          const frame = new Frame(this.#memory, bytes.subarray(at, at + sizeBytes), pooled)
          at += sizeBytes
          more = this.#taker.take(frame)
        }
      }
      if (!more) {
        this.#keep(bytes.subarray(at), pooled)
        return
      }
    }
  }

  #takeSize(bytes: Buffer, from: number): number {
    const count = Math.min(SIZE_BYTES - this.#sizeFilled, bytes.length - from)
    bytes.copy(this.#size, this.#sizeFilled, from, from + count)
    this.#sizeFilled += count
    return from + count
  }

  #fill(bytes: Buffer, from: number): number {
    const partial = this.#partial
    if (partial?.pooled == null) return bytes.length
    const count = Math.min(partial.sizeBytes - partial.filled, bytes.length - from)
    bytes.copy(partial.pooled.buffer, partial.filled, from, from + count)
    partial.filled += count
    return from + count
  }

  /** Begins a frame that is not whole yet; false if it has to wait for its turn. */
  #begin(sizeBytes: number): boolean {
    const partial: { sizeBytes: number; filled: number; pooled: PooledBytes | null } = { sizeBytes, filled: 0, pooled: null }
    this.#partial = partial
    let atOnce = true
    const waiting = this.#memory.received.reserveInTurn(sizeBytes, () => {
      partial.pooled = new PooledBytes(this.#memory, this.#memory.buffers.take(sizeBytes), sizeBytes)
      if (atOnce) return
      this.#waiting = null
      this.proceed()
    })
    atOnce = false
    if (partial.pooled !== null) return true
    this.#waiting = waiting
    this.#taker.waitsForMemory()
    return false
  }
}

const sizeSentence = (sizeBytes: number, frameBytesMax: number): string =>
  sizeBytes < 0
    ? `a request of ${sizeBytes} bytes`
    : `a request of ${sizeBytes} bytes, and socket.request.max.bytes is ${frameBytesMax}`
