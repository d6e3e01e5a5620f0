import { topicsByRegex } from '../topic-regex.ts'
import type { ResolvedRegexes, ResolveRegexes } from './consumer-request.ts'
import type { GroupTopics } from './group-topics.ts'
import type { GroupTopic } from './metadata-hash.ts'

/** The topics of a cluster that a script makes up. */
export class TestTopics implements GroupTopics {
  version = 1n
  newTopicsVersion = 1n
  readonly #byName = new Map<string, GroupTopic>()
  #lastId = 0

  /** Made, or given so many partitions. */
  set(name: string, partitionCount: number): void {
    this.version += 1n
    const known = this.#byName.get(name)
    if (known === undefined) this.newTopicsVersion = this.version
    this.#byName.set(name, { id: known?.id ?? this.#nextId(), name, partitionCount, racks: () => [] })
  }

  delete(name: string): void {
    this.version += 1n
    this.#byName.delete(name)
  }

  byName(name: string): GroupTopic | undefined {
    return this.#byName.get(name)
  }

  byId(id: string): GroupTopic | undefined {
    return [...this.#byName.values()].find((topic) => topic.id === id)
  }

  resolve({ regexes }: ResolveRegexes, nowMs: number): ResolvedRegexes {
    const matching = topicsByRegex(regexes, [...this.#byName.keys()])
    for (let step = matching.next(); ; step = matching.next()) {
      if (step.done) return { version: this.version, timestampMs: BigInt(nowMs), topicsByRegex: step.value }
    }
  }

  #nextId(): string {
    this.#lastId += 1
    return testTopicId(this.#lastId)
  }
}

/** Topics are numbered as they are made. */
export function testTopicId(number: number): string {
  const id = Buffer.alloc(16)
  id.writeUInt32BE(number, 12)
  return id.toString('base64url')
}
