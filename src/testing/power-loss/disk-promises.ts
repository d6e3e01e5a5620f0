import { constants } from 'node:fs'
import type { SystemPromises, SystemStat } from '../../environment/system-calls.ts'
import { diskError } from './disk-error.ts'
import type { DiskNode } from './disk-nodes.ts'
import type { DiskProcess } from './disk-process.ts'

/** The calls that give promises: for small files, and for directories. */
export class DiskPromises implements SystemPromises {
  readonly #process: DiskProcess

  constructor(process: DiskProcess) {
    this.#process = process
  }

  readFile(path: string): Promise<Buffer> {
    return this.#later(() => {
      const node = this.#find(path)
      if (node.kind === 'directory') throw diskError('EISDIR', path)
      return Buffer.from(node.view())
    })
  }

  /** An empty one. */
  async writeFile(path: string, text: string): Promise<void> {
    if (text !== '') throw new Error('the simulated disk fills no files at their making')
    await this.#later(() => this.#process.closeSync(this.#process.openSync(path, constants.O_CREAT)))
  }

  mkdir(path: string): Promise<void> {
    return this.#later(() => {
      const { disk, time } = this.#process.options
      if (disk.find(path) !== undefined) throw diskError('EEXIST', path)
      const { directory, name } = disk.parentOf(path)
      if (directory === undefined) throw diskError('ENOENT', path)
      disk.make(path, directory, name, 'directory', time.nowMs)
    })
  }

  stat(path: string): Promise<SystemStat> {
    return this.#later(() => {
      const node = this.#find(path)
      const isDirectory = (): boolean => node.kind === 'directory'
      return node.kind === 'directory'
        ? { size: 0, mtimeMs: 0, isDirectory }
        : { size: node.sizeBytes, mtimeMs: node.modifiedMs, isDirectory }
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#later(() => {
      const { disk } = this.#process.options
      this.#find(from)
      const [source, target] = [disk.parentOf(from), disk.parentOf(to)]
      if (source.directory === undefined || target.directory === undefined) throw diskError('ENOENT', to)
      const there = target.directory.entries.get(target.name)
      if (there?.kind === 'directory' && there.entries.size > 0) throw diskError('ENOTEMPTY', to)
      disk.rename({ directory: source.directory, name: source.name }, { directory: target.directory, name: target.name }, to)
    })
  }

  unlink(path: string): Promise<void> {
    return this.#later(() => {
      if (this.#find(path).kind === 'directory') throw diskError('EISDIR', path)
      this.#remove(path)
    })
  }

  /** File by file, so that a loss of power may come in between. */
  async rm(path: string): Promise<void> {
    const { disk } = this.#process.options
    const node = disk.find(path)
    if (node === undefined) return
    if (node.kind === 'directory') for (const name of [...node.entries.keys()]) await this.rm(`${path}/${name}`)
    await this.#later(() => this.#remove(path))
  }

  #find(path: string): DiskNode {
    const node = this.#process.options.disk.find(path)
    if (node === undefined) throw diskError('ENOENT', path)
    return node
  }

  #remove(path: string): void {
    const { disk } = this.#process.options
    const { directory, name } = disk.parentOf(path)
    if (directory !== undefined) disk.remove(path, directory, name)
  }

  #later<T>(effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#process.later(effect, (error, result) => (error === null ? resolve(result) : reject(error)))
    })
  }
}
