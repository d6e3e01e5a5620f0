const noBytes = Buffer.alloc(0)

/** A file, by whatever name: names are the directories' affair. */
export class FileNode {
  readonly kind = 'file'
  /** What it held when the disk was switched on; the bytes are shared with other disks and never change. */
  readonly born: Buffer
  modifiedMs: number
  #bytes: Buffer
  #isOwn = false
  #sizeBytes: number

  constructor(born: Buffer = noBytes, modifiedMs = 0) {
    this.born = born
    this.modifiedMs = modifiedMs
    this.#bytes = born
    this.#sizeBytes = born.length
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Everything, as a view that a later change may overwrite. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#sizeBytes)
  }

  read(into: Buffer, position: number): number {
    return position >= this.#sizeBytes ? 0 : this.view().copy(into, 0, position)
  }

  write(bytes: Buffer, position: number): void {
    this.#makeRoom(position + bytes.length)
    bytes.copy(this.#bytes, position)
    this.#sizeBytes = Math.max(this.#sizeBytes, position + bytes.length)
  }

  truncate(sizeBytes: number): void {
    this.#makeRoom(sizeBytes)
    if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, sizeBytes, this.#sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  #makeRoom(sizeBytes: number): void {
    if (this.#isOwn && sizeBytes <= this.#bytes.length) return
    const room = Buffer.alloc(Math.max(sizeBytes, 2 * this.#sizeBytes, 256))
    this.#bytes.copy(room, 0, 0, this.#sizeBytes)
    this.#bytes = room
    this.#isOwn = true
  }
}

export class DirectoryNode {
  readonly kind = 'directory'
  readonly entries = new Map<string, DiskNode>()
  readonly modifiedMs = 0
}

export type DiskNode = FileNode | DirectoryNode
