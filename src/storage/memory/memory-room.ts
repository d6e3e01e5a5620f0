import type { Buffers } from '../../environment/buffers.ts'
import type { Clock } from '../../environment/environment.ts'
import { StorageError } from '../storage.ts'

/** What the partitions of one memory backend share: the memory that all of them may take together. */
export class MemoryRoom {
  readonly time: Clock
  readonly buffers: Buffers
  readonly limitBytes: number
  readonly #becameFull: () => void
  #takenBytes = 0
  #full = false

  constructor(time: Clock, buffers: Buffers, limitBytes: number, becameFull: () => void) {
    this.time = time
    this.buffers = buffers
    this.limitBytes = limitBytes
    this.#becameFull = becameFull
  }

  get takenBytes(): number {
    return this.#takenBytes
  }

  take(bytes: number): void {
    if (this.#takenBytes + bytes > this.limitBytes) {
      if (!this.#full) {
        this.#full = true
        this.#becameFull()
      }
      throw new StorageError('full', `memory.log.bytes (${this.limitBytes}) is used up`)
    }
    this.#takenBytes += bytes
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes
    // A little room that comes and goes is not a new event for the log.
    if (this.#takenBytes < this.limitBytes * 0.9) this.#full = false
  }
}
