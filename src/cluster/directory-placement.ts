import { ZERO_UUID } from '../../protocol/schema/field.ts'
import type { MetadataImage } from './metadata-image.ts'

/**
 * Chooses directories for the replicas of new partitions: of a broker's the one with the fewest, those chosen before included.
 * Kafka's broker chooses likewise, but only once the partition is made, and tells the controller afterwards.
 */
export class DirectoryPlacement {
  readonly #image: MetadataImage
  #counts: Map<string, number> | null = null

  constructor(image: MetadataImage) {
    this.#image = image
  }

  /** Ids parallel to `replicas`. Nodes that share their directories share the log of a partition, and so its directory. */
  directoriesOf(replicas: readonly number[]): readonly string[] {
    let first: string | null = null
    return replicas.map((brokerId) => {
      const candidates = this.#image.brokers.get(brokerId)?.logDirs ?? []
      const chosen: string = first !== null && candidates.includes(first) ? first : this.#leastUsed(candidates)
      first ??= chosen
      return chosen
    })
  }

  #leastUsed(candidates: readonly string[]): string {
    const [only = ZERO_UUID] = candidates
    if (candidates.length <= 1) return only
    this.#counts ??= countPartitions(this.#image)
    const counts = this.#counts
    const countOf = (id: string): number => counts.get(id) ?? 0
    const least = candidates.reduce((one, other) => (countOf(other) < countOf(one) ? other : one))
    counts.set(least, countOf(least) + 1)
    return least
  }
}

function countPartitions(image: MetadataImage): Map<string, number> {
  const counts = new Map<string, number>()
  for (const topic of image.topicsById.values()) {
    for (const { directories } of topic.partitions) {
      for (const id of new Set(directories)) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}
