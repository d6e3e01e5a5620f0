import type { NamedBytes } from '../storage.ts'

/** Small files in memory. */
export class MemoryNamedBytes implements NamedBytes {
  readonly #bytes = new Map<string, Buffer>()

  async list(): Promise<readonly string[]> {
    return [...this.#bytes.keys()]
  }

  async load(name: string): Promise<Buffer | null> {
    const bytes = this.#bytes.get(name)
    return bytes === undefined ? null : Buffer.from(bytes)
  }

  async save(name: string, bytes: Buffer): Promise<void> {
    this.#bytes.set(name, Buffer.from(bytes))
  }

  async remove(name: string): Promise<void> {
    this.#bytes.delete(name)
  }
}
