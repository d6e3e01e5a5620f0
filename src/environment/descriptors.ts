import { systemErrorCode } from './files.ts'
import { openLater, type SystemCalls } from './system-calls.ts'

/** Told when its descriptor was closed to make room for another. */
export interface DescriptorOwner {
  lostDescriptor(): void
}

/** A descriptor that is open now, and what stands against closing it. */
export class Descriptor {
  readonly number: number
  readonly owner: DescriptorOwner
  /** Calls under way: the system gives the number of a closed descriptor out again. */
  users = 0
  /** Bytes were written that no sync covers. Only this descriptor is sure to hear that they could not be written back. */
  unsynced = false
  /** Writes begun and ended. */
  changes = 0
  /** A sync that nobody asked for failed: the owner's next one must. */
  failure: Error | null = null
  older: Descriptor | null = null
  newer: Descriptor | null = null
  /** Idle: it may be closed to make room. */
  listed = false
  closed = false
  whenIdle: (() => void) | null = null

  constructor(number: number, owner: DescriptorOwner) {
    this.number = number
    this.owner = owner
  }
}

/**
 * The descriptors of open files: at most so many at once, those used longest ago are closed first. One with calls under
 * way or with unsynced writes is not closed; where all are like that there are more for a while, and the oldest unsynced
 * one is synced to be closed.
 */
export class Descriptors {
  readonly calls: SystemCalls
  readonly #max: number
  /** Sockets need the rest: beyond this a file waits for a sync of another rather than taking one of theirs. */
  readonly #hardMax: number
  #count = 0
  #oldest: Descriptor | null = null
  #newest: Descriptor | null = null
  readonly #unsynced = new Set<Descriptor>()
  #syncing = false

  constructor(max: number, calls: SystemCalls) {
    this.calls = calls
    this.#max = Math.max(1, max)
    this.#hardMax = this.#max + Math.ceil(this.#max / 2)
  }

  get count(): number {
    return this.#count
  }

  openSync(path: string, flags: number, owner: DescriptorOwner): Descriptor {
    this.#makeRoom()
    const number = this.withOneSync(() => this.calls.openSync(path, flags, 0o644))
    this.#count++
    return this.#opened(number, owner)
  }

  async open(path: string, flags: number, owner: DescriptorOwner): Promise<Descriptor> {
    this.#makeRoom()
    this.#count++
    try {
      return this.#opened(await this.withOne(() => openLater(this.calls, path, flags)), owner)
    } catch (error) {
      this.#count--
      throw error
    }
  }

  /** A call that ends within this turn. */
  used(descriptor: Descriptor): void {
    if (!descriptor.listed || descriptor === this.#newest) return
    this.#unlist(descriptor)
    this.#list(descriptor)
  }

  begin(descriptor: Descriptor): void {
    descriptor.users++
    this.#unlist(descriptor)
  }

  end(descriptor: Descriptor): void {
    descriptor.users--
    this.#listIfIdle(descriptor)
    if (descriptor.users === 0) descriptor.whenIdle?.()
  }

  /** Before and after every write: what a sync under way does not cover counts as written after it. */
  changing(descriptor: Descriptor): void {
    descriptor.changes++
    if (descriptor.unsynced) return
    descriptor.unsynced = true
    this.#unsynced.add(descriptor)
    this.#unlist(descriptor)
  }

  /** After a sync that began at `changes`. */
  synced(descriptor: Descriptor, changes: number): void {
    if (descriptor.changes !== changes || descriptor.failure !== null) return
    descriptor.unsynced = false
    this.#unsynced.delete(descriptor)
    this.#listIfIdle(descriptor)
  }

  /** Its owner needs it no more. Waits for the calls under way. */
  async close(descriptor: Descriptor): Promise<void> {
    this.#forget(descriptor)
    if (descriptor.users > 0) {
      await new Promise<void>((resolve) => {
        descriptor.whenIdle = resolve
      })
    }
    try {
      await new Promise<void>((resolve, reject) => {
        this.calls.close(descriptor.number, (error) => (error ? reject(error) : resolve()))
      })
    } finally {
      this.#count--
    }
  }

  #opened(number: number, owner: DescriptorOwner): Descriptor {
    const descriptor = new Descriptor(number, owner)
    this.#list(descriptor)
    return descriptor
  }

  /** Runs what opens something; where connections have taken all that the process may have, idle files make room. */
  async withOne<T>(run: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await run()
      } catch (error) {
        if (!isExhausted(error) || !this.#closeOne()) throw error
      }
    }
  }

  withOneSync<T>(run: () => T): T {
    for (;;) {
      try {
        return run()
      } catch (error) {
        if (!isExhausted(error) || !this.#closeOne()) throw error
      }
    }
  }

  #makeRoom(): void {
    while (this.#count >= this.#max && this.#oldest !== null) this.#closeIdle(this.#oldest)
    if (this.#count < this.#max) return
    this.#syncOldest()
    if (this.#count >= this.#hardMax) this.#closeOne()
  }

  /** Closes an idle one, or one that can be made idle at once. */
  #closeOne(): boolean {
    if (this.#oldest !== null) {
      this.#closeIdle(this.#oldest)
      return true
    }
    for (let descriptor = this.#oldestUnsynced(); descriptor !== null; descriptor = this.#oldestUnsynced()) {
      try {
        this.calls.fdatasyncSync(descriptor.number)
      } catch (error) {
        this.#failed(descriptor, error)
        continue
      }
      this.#closeIdle(descriptor)
      return true
    }
    return false
  }

  #oldestUnsynced(): Descriptor | null {
    for (const descriptor of this.#unsynced) if (descriptor.users === 0) return descriptor
    return null
  }

  /** One at a time: owners sync their files themselves, and need the thread pool for that. */
  #syncOldest(): void {
    const descriptor = this.#syncing ? null : this.#oldestUnsynced()
    if (descriptor === null) return
    this.#syncing = true
    const { changes } = descriptor
    this.begin(descriptor)
    this.calls.fdatasync(descriptor.number, (error) => {
      this.#syncing = false
      if (error !== null) this.#failed(descriptor, error)
      else this.synced(descriptor, changes)
      this.end(descriptor)
      if (this.#count > this.#max) this.#syncOldest()
    })
  }

  #failed(descriptor: Descriptor, error: unknown): void {
    descriptor.failure = error as Error
    // It stays open: its owner must hear of it.
    this.#unsynced.delete(descriptor)
  }

  #closeIdle(descriptor: Descriptor): void {
    this.#forget(descriptor)
    descriptor.owner.lostDescriptor()
    this.#count--
    // Quick, since nothing is left to be written; and the system itself lets go of the number whatever it says.
    this.calls.closeSync(descriptor.number)
  }

  #forget(descriptor: Descriptor): void {
    descriptor.closed = true
    this.#unlist(descriptor)
    this.#unsynced.delete(descriptor)
  }

  #listIfIdle(descriptor: Descriptor): void {
    if (descriptor.listed || descriptor.closed || descriptor.users > 0 || descriptor.unsynced) return
    if (this.#count > this.#max) this.#closeIdle(descriptor)
    else this.#list(descriptor)
  }

  #list(descriptor: Descriptor): void {
    descriptor.listed = true
    descriptor.older = this.#newest
    if (this.#newest === null) this.#oldest = descriptor
    else this.#newest.newer = descriptor
    this.#newest = descriptor
  }

  #unlist(descriptor: Descriptor): void {
    if (!descriptor.listed) return
    const { older, newer } = descriptor
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
    descriptor.listed = false
    descriptor.older = null
    descriptor.newer = null
  }
}

/** Of this process, or of the whole machine. */
function isExhausted(error: unknown): boolean {
  const code = systemErrorCode(error)
  return code === 'EMFILE' || code === 'ENFILE'
}
