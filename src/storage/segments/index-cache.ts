/** An index that was read from its files and can be read again. */
export interface CachedIndex {
  readonly memoryBytes: number
}

/**
 * The indexes of segments that reads came to lately: so many bytes in all, those used longest ago go first. One for all
 * partitions, since most segments are never read again.
 */
export class IndexCache<Key extends object, Index extends CachedIndex> {
  readonly #bytesMax: number
  readonly #held = new Map<Key, Index>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: Key): Index | null {
    const index = this.#held.get(key)
    if (index === undefined) return null
    // A map keeps the order in which keys came: the one used last stands last.
    this.#held.delete(key)
    this.#held.set(key, index)
    return index
  }

  put(key: Key, index: Index): void {
    this.remove(key)
    this.#held.set(key, index)
    this.#bytes += index.memoryBytes
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === key) return
      this.remove(oldest)
    }
  }

  remove(key: Key): void {
    const index = this.#held.get(key)
    if (index === undefined) return
    this.#held.delete(key)
    this.#bytes -= index.memoryBytes
  }
}
