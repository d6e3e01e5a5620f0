import { join } from 'node:path'
import type { DirectoryEntry, Files } from '../../environment/files.ts'
import type { NamedBytes } from '../storage.ts'
import { storageFailure } from './storage-failure.ts'

/** The small files of a folder, but for those that the backend keeps to itself. */
export class NamedFiles implements NamedBytes {
  readonly #files: Files
  readonly #folder: string
  readonly #isOwn: (name: string) => boolean
  /** None most of the time, in each of thousands of folders. */
  #under: Map<string, Promise<void>> | null = null
  /** What somebody has just listed for another reason. */
  #listed: readonly string[] | null = null

  constructor(files: Files, folder: string, isOwn: (name: string) => boolean) {
    this.#files = files
    this.#folder = folder
    this.#isOwn = isOwn
  }

  /** Spares the next `list` its look, where thousands of folders are opened. */
  listed(entries: readonly DirectoryEntry[]): void {
    this.#listed = this.#namesOf(entries)
  }

  async list(): Promise<readonly string[]> {
    const listed = this.#listed
    this.#listed = null
    return listed ?? this.#namesOf(this.#files.listSync(this.#folder))
  }

  async load(name: string): Promise<Buffer | null> {
    const path = this.#pathOf(name)
    return await this.#inOrder(name, async () => this.#files.readSync(path))
  }

  async save(name: string, bytes: Buffer): Promise<void> {
    this.#listed = null
    const path = this.#pathOf(name)
    await this.#inOrder(name, () => this.#files.replace(path, bytes))
  }

  async remove(name: string): Promise<void> {
    this.#listed = null
    const path = this.#pathOf(name)
    await this.#inOrder(name, () => this.#files.remove(path))
  }

  /** Settled once nothing is under way; the folder can be renamed then. */
  async settled(): Promise<void> {
    await Promise.all(this.#under?.values() ?? [])
  }

  #namesOf(entries: readonly DirectoryEntry[]): readonly string[] {
    return entries.filter((entry) => !entry.isDirectory && !this.#isOwn(entry.name)).map((entry) => entry.name)
  }

  #pathOf(name: string): string {
    if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name) || this.#isOwn(name)) {
      throw new Error(`${name} cannot be the name of a small file`)
    }
    return join(this.#folder, name)
  }

  /** A file is replaced by way of a temporary one of the same name: two at once would mix. */
  async #inOrder<T>(name: string, run: () => Promise<T>): Promise<T> {
    const under = this.#under ?? new Map<string, Promise<void>>()
    this.#under = under
    const result = (under.get(name) ?? Promise.resolve()).then(run)
    const done = result.then(
      () => {},
      () => {},
    )
    under.set(name, done)
    try {
      return await result
    } catch (error) {
      throw storageFailure(error, join(this.#folder, name))
    } finally {
      if (under.get(name) === done) under.delete(name)
      if (under.size === 0 && this.#under === under) this.#under = null
    }
  }
}
