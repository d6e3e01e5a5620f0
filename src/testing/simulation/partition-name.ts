/** A partition is named `topic/3` throughout the simulation. */
export function partitionOf(name: string): [topic: string, partition: number] {
  const at = name.lastIndexOf('/')
  return [name.slice(0, at), Number(name.slice(at + 1))]
}

export interface PartitionsOfTopic {
  readonly topic: string
  readonly partitions: number[]
}

/** As most requests want them: topic by topic. */
export function byTopic(names: readonly string[]): PartitionsOfTopic[] {
  const topics = new Map<string, number[]>()
  for (const name of names) {
    const [topic, partition] = partitionOf(name)
    const known = topics.get(topic)
    if (known === undefined) topics.set(topic, [partition])
    else known.push(partition)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

export const namesOf = (topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): string[] =>
  topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`))
