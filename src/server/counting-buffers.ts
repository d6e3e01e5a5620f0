import { Buffers } from '../environment/buffers.ts'

/** Checked buffers that know what of them is out. */
export class CountingBuffers extends Buffers {
  #taken = 0
  #takenBytes = 0

  constructor() {
    super({ checked: true })
  }

  /** How many were taken and not given back. */
  get taken(): number {
    return this.#taken
  }

  get takenBytes(): number {
    return this.#takenBytes
  }

  override take(bytes: number): Buffer {
    const buffer = super.take(bytes)
    this.#taken++
    this.#takenBytes += buffer.buffer.byteLength
    return buffer
  }

  override give(buffer: Buffer): void {
    this.#taken--
    this.#takenBytes -= buffer.buffer.byteLength
    super.give(buffer)
  }
}
