import type { Files, OpenFile } from '../../environment/files.ts'
import type { PackedEntries } from './packed-entries.ts'

/** Up to here a write costs less than handing it to the thread pool. */
const syncWriteBytesMax = 64 * 1024

/** What a file has: so many entries, and whether nothing else. */
export interface InFile {
  readonly count: number
  readonly isWhole: boolean
}

/** One index file of a segment, and behind what is only there the entries that are in memory, of which the first may be in the file too. */
export class StoredEntries<Entries extends PackedEntries> {
  readonly path: string
  readonly #files: Files
  readonly #entryBytes: number
  readonly #make: () => Entries
  /** So many entries are in the file alone. */
  before: number
  tail: Entries
  #tailStored = 0
  /** There may be bytes in the file behind the entries that it should have. */
  #hasRest: boolean
  /** What is in the file has changed since it was last synced. */
  #unsynced = false
  /** Until the next sync a loss of power could bring back what was cut off. */
  #cutUnsynced = false

  constructor(files: Files, path: string, entryBytes: number, make: () => Entries, before: number | null) {
    this.#files = files
    this.path = path
    this.#entryBytes = entryBytes
    this.#make = make
    this.before = before ?? 0
    this.#hasRest = before === null
    this.tail = make()
  }

  get count(): number {
    return this.before + this.tail.count
  }

  get stored(): InFile {
    return { count: this.before + this.#tailStored, isWhole: !this.#hasRest }
  }

  get awaitsSync(): boolean {
    return this.#hasRest || this.#cutUnsynced
  }

  /** All entries in memory, given those that are in the file alone. */
  whole(inFileAlone: Entries): Entries {
    const entries = this.#make()
    entries.addAll(inFileAlone)
    entries.addAll(this.tail)
    return entries
  }

  /** All entries anew, in memory: the first of them are those that the file begins with. It is cut to them by the next `store`. */
  hold(entries: Entries, inFile: InFile): void {
    this.before = 0
    this.tail = entries
    this.#tailStored = Math.min(entries.count, inFile.count)
    this.#hasRest = !inFile.isWhole || entries.count < inFile.count
    // What was found there may be in the system's memory alone.
    this.#unsynced = true
  }

  /** Writes what is not in the file yet; makes a file that is not there, even if there is nothing to write. */
  async store(options: { readonly sync: boolean; readonly create: boolean }): Promise<void> {
    const { sync, create } = options
    const isComplete = this.#tailStored === this.tail.count && !this.#hasRest
    if (isComplete && !create && !(sync && this.#unsynced)) return
    const file = this.#files.openSync(this.path, { create: true })
    try {
      if (this.#hasRest) await this.#cutRest(file)
      if (this.#tailStored < this.tail.count) await this.#write(file)
      if (sync && this.#unsynced) await this.#sync(file)
    } finally {
      await file.close()
    }
  }

  /** All entries, which are in memory, take the place of whatever the file has, at once and durably. */
  async replaceFile(): Promise<void> {
    const { count } = this.tail
    await this.#files.replace(this.path, Buffer.from(this.tail.bytes()))
    this.#tailStored = count
    this.#hasRest = false
    this.#unsynced = false
    this.#cutUnsynced = false
  }

  async #cutRest(file: OpenFile): Promise<void> {
    await file.truncate((this.before + this.#tailStored) * this.#entryBytes)
    this.#unsynced = true
    this.#cutUnsynced = true
    this.#hasRest = false
  }

  async #write(file: OpenFile): Promise<void> {
    const { count } = this.tail
    const bytes = this.tail.bytes(this.#tailStored)
    const position = (this.before + this.#tailStored) * this.#entryBytes
    this.#unsynced = true
    // A write that fails may leave a part behind.
    this.#hasRest = true
    if (bytes.length <= syncWriteBytesMax) file.writeSync([bytes], position)
    else await file.write([bytes], position)
    this.#hasRest = false
    this.#tailStored = count
  }

  async #sync(file: OpenFile): Promise<void> {
    await file.sync()
    this.#unsynced = false
    this.#cutUnsynced = false
  }

  /** Keeps no more than the last `count` in memory of those that are in the file too. */
  trim(count: number): void {
    const surplus = Math.min(this.#tailStored, this.tail.count - count)
    if (surplus <= 0) return
    if (surplus === this.tail.count) this.tail = this.#make()
    else this.tail.keepLast(this.tail.count - surplus)
    this.before += surplus
    this.#tailStored -= surplus
  }
}
