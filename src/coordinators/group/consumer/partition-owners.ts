import type { AssignedPartitions } from './consumer-member.ts'

/**
 * Which member holds a partition, or still has to give it up: nobody else may be given it before. The later record wins,
 * so that whatever a compacted log leaves out, the end of it is right.
 */
export class PartitionOwners {
  readonly #owners = new Map<string, Map<number, string>>()

  of(topicId: string, partition: number): string | undefined {
    return this.#owners.get(topicId)?.get(partition)
  }

  take(memberId: string, assigned: AssignedPartitions): void {
    for (const [topicId, partitions] of assigned) {
      const owners = this.#owners.get(topicId) ?? new Map<number, string>()
      this.#owners.set(topicId, owners)
      for (const partition of partitions.keys()) owners.set(partition, memberId)
    }
  }

  release(memberId: string, assigned: AssignedPartitions): void {
    for (const [topicId, partitions] of assigned) {
      const owners = this.#owners.get(topicId)
      if (owners === undefined) continue
      for (const partition of partitions.keys()) {
        if (owners.get(partition) === memberId) owners.delete(partition)
      }
      if (owners.size === 0) this.#owners.delete(topicId)
    }
  }
}
