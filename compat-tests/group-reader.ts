import type { ClientProcess, MemberState, ReadRecord } from './client-process.ts'
import { waitUntil } from './wait-until.ts'

/** A group member seen from outside: it keeps all that its client was given. */
export class GroupReader {
  readonly name: string
  readonly records: ReadRecord[] = []
  assignment: readonly number[] = []
  readonly #process: ClientProcess

  private constructor(process: ClientProcess, name: string) {
    this.#process = process
    this.name = name
  }

  static async open(process: ClientProcess, name: string, group: string, topic: string, limit?: number): Promise<GroupReader> {
    await process.open(name, group, topic, limit)
    return new GroupReader(process, name)
  }

  async poll(): Promise<this> {
    return this.#note(await this.#process.poll(this.name))
  }

  async commit(): Promise<void> {
    this.#note(await this.#process.commit(this.name))
  }

  async close(): Promise<void> {
    this.#note(await this.#process.close(this.name))
  }

  async readAtLeast(count: number): Promise<void> {
    await waitUntil(
      async () => (await this.poll()).records.length >= count || undefined,
      () => `${this.name} of ${this.#process.client.name} reads ${count} records; it has ${this.records.length}`,
    )
  }

  #note({ assignment, records }: MemberState): this {
    this.assignment = assignment
    this.records.push(...records)
    return this
  }
}
