import type { Waiting } from '../environment/byte-limit.ts'
import { Frame, type FrameMemory, PooledBytes } from './frame.ts'
import { FEW_BYTES, type ReadTarget } from './socket-reader.ts'

/** What framing asks of its connection. */
export interface FrameTaker {
  /** Takes a frame. False: no further one until `framing.proceed()`. */
  take(frame: Frame): boolean
  /** No bytes are wanted until `wanted`. */
  unwanted(): void
  wanted(): void
  /** It begins to wait for its turn to be given memory. */
  waitsForMemory(): void
  /** Why a request of this API and version is not served; null: it is. */
  refusal(apiKey: number, version: number): string | null
  /** Bytes that cannot be a frame, or are not going to be served: the connection ends. The reason is the end of a sentence about the client. */
  broken(reason: string): void
}

const SIZE_BYTES = 4
/** How a request begins: API key and version. */
const LEAD_BYTES = 4

/** A frame that has begun. `pooled` is null while it waits to be admitted. */
interface Partial {
  readonly sizeBytes: number
  filled: number
  pooled: PooledBytes | null
}

/**
 * Cuts a connection's bytes into frames: an int32 that says how many bytes follow, then these. A frame that lies whole in the chunk that was
 * read is handed on as a view. One that does not is put together in a buffer of its own size, which the reader then fills in place; its announced
 * length is reserved first, in turn with other connections, once its first bytes have shown that it is a request: garbage that looks like a large size
 * must not keep memory from others.
 *
 * While the connection takes no frame it is still read until bytes come, since only a reader learns that the client has gone.
 */
export class Framing {
  readonly #memory: FrameMemory
  readonly #taker: FrameTaker
  readonly #frameBytesMax: number
  #size = 0
  #sizeFilled = 0
  /** The first bytes of a frame that is not whole, as one number. */
  #lead = 0
  #leadFilled = 0
  #partial: Partial | null = null
  /** The place of `#partial` in the line for memory. */
  #admission: Waiting | null = null
  /** The place in the line for being read at all. */
  #room: Waiting | null = null
  /** The connection takes no frame until `proceed`. */
  #held = false
  /** Bytes that came but cannot be looked at yet. */
  #backlog: { readonly pooled: PooledBytes; readonly from: number; readonly to: number } | null = null
  /** The last read was a large one, so the next may be. */
  #streams = false
  #stopped = false

  constructor(memory: FrameMemory, taker: FrameTaker, frameBytesMax: number) {
    this.#memory = memory
    this.#taker = taker
    this.#frameBytesMax = frameBytesMax
  }

  /** Where the next bytes should be read to. Few where they would only be kept: what is not read stays in the system's own buffers. */
  target(): ReadTarget {
    const partial = this.#partial
    if (partial !== null && partial.pooled !== null) return partial.pooled.buffer.subarray(partial.filled, partial.sizeBytes)
    return this.#streams && !this.#held && this.#memory.received.availableBytes > 0 ? 'any' : 'few'
  }

  /** How far the frame is that is being put together; null if there is none whose memory is reserved. */
  get admittedBytes(): number | null {
    return this.#partial?.pooled == null ? null : this.#partial.filled
  }

  /** Whether it waits for `proceed`. */
  get isHeld(): boolean {
    return this.#held
  }

  /** Whether bytes are kept that wait for `proceed`. */
  get hasBacklog(): boolean {
    return this.#backlog !== null && this.#admission === null
  }

  /** Bytes came. They may be overwritten after this call, unless they lie in `target()`. */
  received(bytes: Buffer): void {
    if (this.#stopped) return
    this.#streams = bytes.length >= FEW_BYTES
    const partial = this.#partial
    if (partial !== null && partial.pooled !== null && isInPlace(bytes, partial.pooled.buffer)) {
      partial.filled += bytes.length
      if (partial.filled === partial.sizeBytes) this.#held = !this.#finishPartial(partial)
    } else if (this.#held || this.#backlog !== null || this.#admission !== null) {
      this.#keep(bytes, null)
    } else {
      this.#consume(bytes, null)
    }
    this.#waitWhileFull()
  }

  /** The connection can take frames again. */
  proceed(): void {
    this.#held = false
    this.#goOn()
  }

  /** The connection has ended: everything is given back. */
  stop(): void {
    this.#stopped = true
    this.#admission?.cancel()
    this.#admission = null
    this.#leaveLine()
    this.#backlog?.pooled.release()
    this.#backlog = null
    this.#partial?.pooled?.release()
    this.#partial = null
  }

  #goOn(): void {
    if (this.#stopped || this.#admission !== null) return
    const backlog = this.#backlog
    if (backlog !== null && !this.#held) {
      this.#backlog = null
      this.#consume(backlog.pooled.buffer.subarray(backlog.from, backlog.to), backlog.pooled)
      backlog.pooled.release()
    }
    if (!this.#stopped && this.#backlog === null && this.#admission === null && this.#room === null) this.#taker.wanted()
  }

  /** Hands on the frame that was put together; false: the connection takes no further one now. */
  #finishPartial({ pooled, sizeBytes }: Partial): boolean {
    this.#partial = null
    if (pooled === null) return true
    const frame = new Frame(this.#memory, pooled.buffer.subarray(0, sizeBytes), pooled)
    pooled.release()
    return this.#taker.take(frame)
  }

  /**
   * Keeps what cannot be used now, and asks for no more. `pooled`: what the bytes lie in, if that is ours. The first bytes of a frame that waits to be
   * admitted are not reserved: they are part of what it waits for, and frames that wait would otherwise keep each other waiting for ever.
   */
  #keep(bytes: Buffer, pooled: PooledBytes | null): void {
    if (this.#stopped) return
    const waits = this.#admission !== null
    if (bytes.length > 0 || waits) this.#taker.unwanted()
    if (bytes.length === 0) return
    const before = this.#backlog
    if (before !== null) {
      const kept = before.pooled.buffer.subarray(before.from, before.to)
      this.#backlog = { pooled: PooledBytes.copyOf(this.#memory, !waits, kept, bytes), from: 0, to: kept.length + bytes.length }
      before.pooled.release()
    } else if (pooled !== null && !waits) {
      pooled.hold()
      const from = bytes.byteOffset - pooled.buffer.byteOffset
      this.#backlog = { pooled, from, to: from + bytes.length }
    } else {
      this.#backlog = { pooled: PooledBytes.copyOf(this.#memory, !waits, bytes), from: 0, to: bytes.length }
    }
  }

  #consume(bytes: Buffer, pooled: PooledBytes | null): void {
    let at = 0
    while (at < bytes.length && !this.#stopped) {
      const partial = this.#partial
      if (partial !== null) {
        at += this.#fill(partial, bytes, at)
        if (partial.filled < partial.sizeBytes) return
        this.#held = !this.#finishPartial(partial)
      } else {
        at = this.#takeSize(bytes, at)
        if (this.#sizeFilled < SIZE_BYTES) return
        const sizeBytes = this.#size
        if (sizeBytes < 0 || sizeBytes > this.#frameBytesMax) {
          this.#taker.broken(sizeSentence(sizeBytes, this.#frameBytesMax))
          return
        }
        if (this.#leadFilled === 0 && bytes.length - at >= sizeBytes) {
          this.#sizeFilled = 0
          const frame = new Frame(this.#memory, bytes.subarray(at, at + sizeBytes), pooled)
          at += sizeBytes
          this.#held = !this.#taker.take(frame)
        } else {
          at = this.#takeLead(bytes, at)
          if (this.#leadFilled < this.#leadBytes) return
          if (!this.#isServed()) return
          this.#begin(sizeBytes)
        }
      }
      if (this.#held || this.#admission !== null) {
        this.#keep(at === 0 ? bytes : bytes.subarray(at), pooled)
        return
      }
    }
  }

  #takeSize(bytes: Buffer, from: number): number {
    let at = from
    if (this.#sizeFilled === 0 && bytes.length - at >= SIZE_BYTES) {
      this.#size = bytes.readInt32BE(at)
      this.#sizeFilled = SIZE_BYTES
      return at + SIZE_BYTES
    }
    while (this.#sizeFilled < SIZE_BYTES && at < bytes.length) {
      this.#size = (this.#size << 8) | (bytes[at++] as number)
      this.#sizeFilled++
    }
    return at
  }

  #takeLead(bytes: Buffer, from: number): number {
    let at = from
    while (this.#leadFilled < this.#leadBytes && at < bytes.length) {
      this.#lead = (this.#lead << 8) | (bytes[at++] as number)
      this.#leadFilled++
    }
    return at
  }

  /** A frame that is no longer than that is put together without being looked at. */
  get #leadBytes(): number {
    return this.#size > LEAD_BYTES ? LEAD_BYTES : 0
  }

  #isServed(): boolean {
    if (this.#leadFilled === 0) return true
    const reason = this.#taker.refusal(this.#lead >> 16, (this.#lead << 16) >> 16)
    if (reason !== null) this.#taker.broken(reason)
    return reason === null
  }

  #fill(partial: Partial, bytes: Buffer, from: number): number {
    if (partial.pooled === null) throw new Error('bytes for a frame that waits for its memory')
    const count = Math.min(partial.sizeBytes - partial.filled, bytes.length - from)
    bytes.copy(partial.pooled.buffer, partial.filled, from, from + count)
    partial.filled += count
    return count
  }

  /** Begins a frame that is not whole yet, with its first bytes; it may have to wait for its turn. */
  #begin(sizeBytes: number): void {
    const partial: Partial = { sizeBytes, filled: 0, pooled: null }
    const [lead, leadBytes] = [this.#lead, this.#leadFilled]
    this.#partial = partial
    this.#sizeFilled = 0
    this.#leadFilled = 0
    this.#leaveLine()
    const { received, buffers } = this.#memory
    const waiting = received.reserveInTurn(sizeBytes, () => {
      partial.pooled = new PooledBytes(this.#memory, buffers.take(sizeBytes), sizeBytes)
      for (let at = leadBytes - 1, rest = lead; at >= 0; at--, rest >>= 8) partial.pooled.buffer[at] = rest & 0xff
      partial.filled = leadBytes
      if (this.#admission === null) return
      this.#admission = null
      this.#goOn()
    })
    if (partial.pooled !== null) return
    this.#admission = waiting
    this.#taker.waitsForMemory()
  }

  /**
   * At the limit nobody is read who has no admitted frame, so that those who have one can be read to its end. What was read before is used all the
   * same: that frees memory.
   */
  #waitWhileFull(): void {
    if (this.#stopped || this.#admission !== null || this.#room !== null || this.admittedBytes !== null) return
    if (this.#memory.received.availableBytes > 0) return
    let admitted = false
    const waiting = this.#memory.received.reserveInTurn(0, () => {
      admitted = true
      if (this.#room === null) return
      this.#room = null
      this.#goOn()
    })
    if (admitted) return
    this.#room = waiting
    this.#taker.unwanted()
    this.#taker.waitsForMemory()
  }

  #leaveLine(): void {
    this.#room?.cancel()
    this.#room = null
  }
}

/** Whether the reader put the bytes where `target` said. */
const isInPlace = (bytes: Buffer, buffer: Buffer): boolean => bytes.buffer === buffer.buffer

const sizeSentence = (sizeBytes: number, frameBytesMax: number): string =>
  sizeBytes < 0
    ? `it sent a request of ${sizeBytes} bytes`
    : `it sent a request of ${sizeBytes} bytes, and socket.request.max.bytes is ${frameBytesMax}`
