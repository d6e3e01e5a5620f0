interface NamedTopic {
  readonly topic: string
  readonly partitions: readonly number[]
}

/**
 * What a request names, each topic and partition once and in the order of its first mention. Four bytes name a partition again: what is
 * done or told for each of them must not be multiplied by that.
 */
export function eachPartitionOnce(named: Iterable<NamedTopic>): NamedTopic[] {
  const byTopic = new Map<string, Set<number>>()
  for (const { topic, partitions } of named) {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, new Set(partitions))
    else for (const partition of partitions) known.add(partition)
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}
