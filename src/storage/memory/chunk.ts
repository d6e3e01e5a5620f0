import type { Retained } from '../../../protocol/records/records-slice.ts'
import type { Buffers } from '../../environment/buffers.ts'

/**
 * A stretch of pooled memory that batches are copied into, one behind the other. What was written once is never
 * overwritten: readers hold pieces of it while a truncation cuts them off the log.
 */
export class Chunk {
  readonly #buffers: Buffers
  readonly #memory: Buffer
  #usedBytes = 0
  #pins = 1

  constructor(buffers: Buffers, bytes: number) {
    this.#buffers = buffers
    this.#memory = buffers.take(bytes)
  }

  get freeBytes(): number {
    return this.#memory.length - this.#usedBytes
  }

  get sizeBytes(): number {
    return this.#memory.length
  }

  /** Copies `bytes` in; returns where they are. */
  add(bytes: Buffer): number {
    const position = this.#usedBytes
    bytes.copy(this.#memory, position)
    this.#usedBytes += bytes.length
    return position
  }

  bytes(position: number, length: number): Buffer {
    return this.#memory.subarray(position, position + length)
  }

  retain(position: number, length: number): Retained {
    this.#pins++
    return { bytes: this.bytes(position, length), release: () => this.release() }
  }

  /** The log pins each chunk once; when nobody does any more, its memory is used again. */
  release(): void {
    if (--this.#pins === 0) this.#buffers.give(this.#memory)
  }
}
