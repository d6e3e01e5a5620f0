const smallestBytes = 1024
/** A power of two; larger buffers are made for their use and then forgotten. */
const largestBytes = 16 * 1024 * 1024
const overwritten = 0xdb

export interface BuffersOptions {
  /** How much memory the pool keeps that nobody uses. */
  readonly idleBytesMax?: number
  /** For tests: a buffer is overwritten when it is given back, and given back twice or written to later it throws. */
  readonly checked?: boolean
}

/**
 * Recycled memory: a fresh page costs more than copying into a used one. Each buffer is an ArrayBuffer of its own, a
 * power of two long, so that it can be handed to a worker.
 */
export class Buffers {
  readonly #idleBytesMax: number
  readonly #checked: boolean
  readonly #idle: ArrayBuffer[][] = []
  readonly #made = new WeakSet<ArrayBuffer>()
  #idleBytes = 0

  constructor(options: BuffersOptions = {}) {
    this.#idleBytesMax = options.idleBytesMax ?? 32 * 1024 * 1024
    this.#checked = options.checked ?? false
  }

  /** Exactly `bytes` long, with whatever was in it before. Its memory goes on behind it, up to `buffer.buffer.byteLength`. */
  take(bytes: number): Buffer {
    if (bytes > largestBytes) return Buffer.from(new ArrayBuffer(bytes), 0, bytes)
    const sizeClass = sizeClassOf(bytes)
    const memory = this.#idle[sizeClass]?.pop()
    if (memory === undefined) return this.#make(smallestBytes << sizeClass, bytes)
    this.#idleBytes -= memory.byteLength
    if (this.#checked) assertUntouched(memory)
    return Buffer.from(memory, 0, bytes)
  }

  /** Takes back what `take` gave, any view of it. Nobody may look at it afterwards. One that a worker owns now is ignored. */
  give(buffer: Buffer): void {
    const memory = buffer.buffer as ArrayBuffer
    if (!isPooledSize(memory.byteLength)) return
    const sizeClass = sizeClassOf(memory.byteLength)
    this.#idle[sizeClass] ??= []
    const idle = this.#idle[sizeClass]
    if (this.#checked) {
      if (!this.#made.has(memory)) throw new Error('a buffer was given back that is none of this pool')
      if (idle.includes(memory)) throw new Error('a buffer was given back twice')
      Buffer.from(memory).fill(overwritten)
    }
    if (this.#idleBytes + memory.byteLength > this.#idleBytesMax) return
    this.#idleBytes += memory.byteLength
    idle.push(memory)
  }

  #make(memoryBytes: number, bytes: number): Buffer {
    const memory = new ArrayBuffer(memoryBytes)
    if (this.#checked) this.#made.add(memory)
    return Buffer.from(memory, 0, bytes)
  }

  get idleBytes(): number {
    return this.#idleBytes
  }
}

function sizeClassOf(bytes: number): number {
  return bytes <= smallestBytes ? 0 : 32 - Math.clz32(bytes - 1) - Math.log2(smallestBytes)
}

/** Also false for a transferred buffer, whose length is 0. */
function isPooledSize(bytes: number): boolean {
  return bytes >= smallestBytes && bytes <= largestBytes && (bytes & (bytes - 1)) === 0
}

function assertUntouched(memory: ArrayBuffer): void {
  const bytes = Buffer.from(memory)
  const touched = bytes.findIndex((byte) => byte !== overwritten)
  if (touched !== -1) throw new Error(`a buffer was written to at ${touched} after it had been given back`)
}
