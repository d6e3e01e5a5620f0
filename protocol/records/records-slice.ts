/**
 * Bytes of whole record batches that somebody else owns: a frame, a pooled read, a backend's chunk.
 *
 * Records are never copied into a message. A decoded `records` field, and the one handed to an encoder, is such a
 * slice; whoever needs the bytes beyond the present turn pins them.
 */
export interface RecordsSlice {
  readonly sizeBytes: number
  /** The bytes now. Never kept across an await: the memory may be given back by then. */
  view(): Buffer
  /** Pins the bytes until `release`. */
  retain(): Retained
  /** The bytes as pinned pieces, in order, for writing them out without joining them. The caller releases each. */
  pieces(): readonly Retained[]
}

/** Pinned bytes. `release` is called once. */
export interface Retained {
  readonly bytes: Buffer
  release(): void
}

const nothing = (): void => {}

/** Records in memory of their own, which nobody takes back: what a builder made, or a test. */
export class OwnedRecords implements RecordsSlice {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  view(): Buffer {
    return this.#bytes
  }

  retain(): Retained {
    return { bytes: this.#bytes, release: nothing }
  }

  pieces(): readonly Retained[] {
    return [this.retain()]
  }
}

/** What a log read gave: pieces that are pinned already and pass to whoever takes them by `pieces`. */
export class RetainedRecords implements RecordsSlice {
  readonly #pieces: readonly Retained[]
  readonly sizeBytes: number

  constructor(pieces: readonly Retained[]) {
    this.#pieces = pieces
    this.sizeBytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0)
  }

  view(): Buffer {
    const [only] = this.#pieces
    return this.#pieces.length === 1 && only !== undefined ? only.bytes : Buffer.concat(this.#pieces.map((piece) => piece.bytes))
  }

  retain(): Retained {
    const pieces = this.#pieces
    return {
      bytes: this.view(),
      release: () => {
        for (const piece of pieces) piece.release()
      },
    }
  }

  pieces(): readonly Retained[] {
    return this.#pieces
  }
}
