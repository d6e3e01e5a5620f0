import { constants } from 'node:fs'
import type { Descriptor, DescriptorOwner, Descriptors } from './descriptors.ts'
import type { OpenFile } from './files.ts'
import { type SystemCalls, settled } from './system-calls.ts'

/**
 * A file by a descriptor, of Node's two ways to a file the one with sync calls, that it has while it needs it. There may
 * be tens of thousands of these, and most are idle.
 */
export class SystemOpenFile implements OpenFile, DescriptorOwner {
  #path: string
  readonly #descriptors: Descriptors
  #descriptor: Descriptor | null = null
  #opening: Promise<void> | null = null
  #underWay = 0
  #closing: Promise<void> | null = null
  #idle: (() => void) | null = null

  constructor(path: string, descriptors: Descriptors) {
    this.#path = path
    this.#descriptors = descriptors
  }

  get path(): string {
    return this.#path
  }

  /** Makes the file. */
  async create(): Promise<void> {
    this.#descriptor = await this.#descriptors.open(this.path, constants.O_RDWR | constants.O_CREAT, this)
  }

  createSync(): void {
    this.#descriptor = this.#descriptors.openSync(this.path, constants.O_RDWR | constants.O_CREAT, this)
  }

  lostDescriptor(): void {
    this.#descriptor = null
  }

  sizeSync(): number {
    this.#mustBeOpen()
    return (this.#descriptor === null ? this.#calls.statSync(this.path) : this.#calls.fstatSync(this.#descriptor.number)).size
  }

  readSync(into: Buffer, position: number): number {
    const { number } = this.#heldSync()
    let filled = 0
    while (filled < into.length) {
      const count = this.#calls.readSync(number, into, filled, into.length - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  read(into: Buffer, position: number): Promise<number> {
    return this.#run(async ({ number }) => {
      let filled = 0
      while (filled < into.length) {
        const count = await settled<number>((done) =>
          this.#calls.read(number, into, filled, into.length - filled, position + filled, done),
        )
        if (count === 0) break
        filled += count
      }
      return filled
    })
  }

  writeSync(pieces: readonly Buffer[], position: number): void {
    const descriptor = this.#heldSync()
    let left = pieces
    let at = position
    this.#descriptors.changing(descriptor)
    try {
      while (left.length > 0) {
        const count = this.#writeSome(descriptor.number, left, at)
        left = without(left, count)
        at += count
      }
    } finally {
      this.#descriptors.changing(descriptor)
    }
  }

  write(pieces: readonly Buffer[], position: number): Promise<void> {
    return this.#change(async (number) => {
      let left = pieces
      let at = position
      while (left.length > 0) {
        const count = await settled<number>((done) => this.#calls.writev(number, [...left], at, done))
        left = without(left, count)
        at += count
      }
    })
  }

  sync(): Promise<void> {
    return this.#run(async (descriptor) => {
      const { number, changes } = descriptor
      await settled<void>((done) => this.#calls.fdatasync(number, done))
      if (descriptor.failure !== null) throw descriptor.failure
      this.#descriptors.synced(descriptor, changes)
    })
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#change((number) => settled<void>((done) => this.#calls.ftruncate(number, sizeBytes, done)))
  }

  /** The descriptor is held meanwhile: under neither name could the file be opened with certainty. */
  rename(to: string): Promise<void> {
    return this.#run(async () => {
      await this.#calls.promises.rename(this.#path, to)
      this.#path = to
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    const descriptor = this.#descriptor
    this.#descriptor = null
    if (descriptor !== null) await this.#descriptors.close(descriptor)
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new Error(`${this.path} is closed`)
  }

  #heldSync(): Descriptor {
    this.#mustBeOpen()
    this.#descriptor ??= this.#descriptors.openSync(this.path, constants.O_RDWR, this)
    this.#descriptors.used(this.#descriptor)
    return this.#descriptor
  }

  #writeSome(number: number, pieces: readonly Buffer[], position: number): number {
    const [only] = pieces
    return pieces.length === 1 && only !== undefined
      ? this.#calls.writeSync(number, only, 0, only.length, position)
      : this.#calls.writevSync(number, [...pieces], position)
  }

  get #calls(): SystemCalls {
    return this.#descriptors.calls
  }

  #change(run: (number: number) => Promise<void>): Promise<void> {
    return this.#run(async (descriptor) => {
      this.#descriptors.changing(descriptor)
      try {
        await run(descriptor.number)
      } finally {
        this.#descriptors.changing(descriptor)
      }
    })
  }

  async #run<T>(run: (descriptor: Descriptor) => Promise<T>): Promise<T> {
    this.#mustBeOpen()
    this.#underWay++
    try {
      while (this.#descriptor === null) await this.#opened()
      const descriptor = this.#descriptor
      this.#descriptors.begin(descriptor)
      try {
        return await run(descriptor)
      } finally {
        this.#descriptors.end(descriptor)
      }
    } finally {
      if (--this.#underWay === 0) this.#idle?.()
    }
  }

  #opened(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    try {
      const descriptor = await this.#descriptors.open(this.path, constants.O_RDWR, this)
      // A sync call may have opened it meanwhile.
      if (this.#descriptor === null) this.#descriptor = descriptor
      else await this.#descriptors.close(descriptor)
    } finally {
      this.#opening = null
    }
  }
}

/** What is left of the pieces after the system took `count` bytes: usually nothing, but a full disk takes a part. */
function without(pieces: readonly Buffer[], count: number): readonly Buffer[] {
  let taken = count
  for (const [index, piece] of pieces.entries()) {
    if (taken < piece.length) return [piece.subarray(taken), ...pieces.slice(index + 1)]
    taken -= piece.length
  }
  return []
}
