import * as fs from 'node:fs'
import type { OpenFile } from './files.ts'

type Callback<T> = (error: NodeJS.ErrnoException | null, result?: T) => void

/**
 * A file by its descriptor: of Node's two ways to a file, the one with sync calls. A descriptor is a number that the
 * system gives out again, so closing waits for what is under way; else a late read would hit another file.
 */
export class SystemOpenFile implements OpenFile {
  readonly path: string
  readonly #descriptor: number
  #underWay = 0
  #closing: Promise<void> | null = null
  #idle: (() => void) | null = null

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  sizeSync(): number {
    return fs.fstatSync(this.#open()).size
  }

  readSync(into: Buffer, position: number): number {
    let filled = 0
    while (filled < into.length) {
      const count = fs.readSync(this.#open(), into, filled, into.length - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  async read(into: Buffer, position: number): Promise<number> {
    let filled = 0
    while (filled < into.length) {
      const count = await this.#run<number>((descriptor, done) =>
        fs.read(descriptor, into, filled, into.length - filled, position + filled, done),
      )
      if (count === 0) break
      filled += count
    }
    return filled
  }

  writeSync(pieces: readonly Buffer[], position: number): void {
    let left = pieces
    let at = position
    while (left.length > 0) {
      const [only] = left
      const count =
        left.length === 1 ? fs.writeSync(this.#open(), only!, 0, only!.length, at) : fs.writevSync(this.#open(), [...left], at)
      left = without(left, count)
      at += count
    }
  }

  async write(pieces: readonly Buffer[], position: number): Promise<void> {
    let left = pieces
    let at = position
    while (left.length > 0) {
      const count = await this.#run<number>((descriptor, done) => fs.writev(descriptor, [...left], at, done))
      left = without(left, count)
      at += count
    }
  }

  async sync(): Promise<void> {
    await this.#run<void>((descriptor, done) => fs.fdatasync(descriptor, done))
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#run<void>((descriptor, done) => fs.ftruncate(descriptor, sizeBytes, done))
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
    await new Promise<void>((resolve, reject) => {
      fs.close(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    })
  }

  #open(): number {
    if (this.#closing !== null) throw new Error(`${this.path} is closed`)
    return this.#descriptor
  }

  async #run<T>(call: (descriptor: number, done: Callback<T>) => void): Promise<T> {
    const descriptor = this.#open()
    this.#underWay++
    try {
      return await new Promise<T>((resolve, reject) => {
        call(descriptor, (error, result) => (error ? reject(error) : resolve(result as T)))
      })
    } finally {
      if (--this.#underWay === 0) this.#idle?.()
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
