import type { Buffers } from '../../environment/buffers.ts'
import type { OpenFile } from '../../environment/files.ts'

const gatheredBytes = 256 * 1024

/** Writes a new file from its start, small pieces together: each write costs a way through the thread pool. */
export class GatheredWrites {
  readonly #file: OpenFile
  readonly #buffers: Buffers
  readonly #buffer: Buffer
  #usedBytes = 0
  #position = 0

  constructor(file: OpenFile, buffers: Buffers) {
    this.#file = file
    this.#buffers = buffers
    this.#buffer = buffers.take(gatheredBytes)
  }

  /** The bytes are the caller's again when it is settled. */
  async add(bytes: Buffer): Promise<void> {
    if (bytes.length > this.#buffer.length - this.#usedBytes) await this.flush()
    if (bytes.length > this.#buffer.length) await this.#write(bytes)
    else this.#usedBytes += bytes.copy(this.#buffer, this.#usedBytes)
  }

  async flush(): Promise<void> {
    if (this.#usedBytes === 0) return
    await this.#write(this.#buffer.subarray(0, this.#usedBytes))
    this.#usedBytes = 0
  }

  /** Nothing can be added any more; what was not flushed is given up. */
  release(): void {
    this.#buffers.give(this.#buffer)
  }

  async #write(bytes: Buffer): Promise<void> {
    await this.#file.write([bytes], this.#position)
    this.#position += bytes.length
  }
}
