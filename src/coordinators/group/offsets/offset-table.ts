/** Something for each partition of a topic that a group knows. */
export class OffsetTable<Value> {
  readonly #byGroup = new Map<string, Map<string, Map<number, Value>>>()

  get(groupId: string, topic: string, partition: number): Value | undefined {
    return this.#byGroup.get(groupId)?.get(topic)?.get(partition)
  }

  /** By topic, then by partition; undefined if the group has none. */
  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, Value>> | undefined {
    return this.#byGroup.get(groupId)
  }

  groupIds(): IterableIterator<string> {
    return this.#byGroup.keys()
  }

  set(groupId: string, topic: string, partition: number, value: Value): void {
    const topics = this.#byGroup.get(groupId) ?? new Map<string, Map<number, Value>>()
    this.#byGroup.set(groupId, topics)
    const partitions = topics.get(topic) ?? new Map<number, Value>()
    topics.set(topic, partitions)
    partitions.set(partition, value)
  }

  delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#byGroup.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#byGroup.delete(groupId)
  }

  *entries(): Generator<{ groupId: string; topic: string; partition: number; value: Value }, void, undefined> {
    for (const [groupId, topics] of this.#byGroup) {
      for (const [topic, partitions] of topics) {
        for (const [partition, value] of partitions) yield { groupId, topic, partition, value }
      }
    }
  }
}
