import { KafkaError } from '../../protocol/errors.ts'
import type { DirectoryPlacement } from './directory-placement.ts'
import type { MetadataImage, PartitionImage } from './metadata-image.ts'

export interface PlacementRequest {
  /** The index of the first partition to place. */
  readonly firstPartition: number
  readonly partitionCount: number
  readonly replicationFactor: number
  /** Refuses more replicas than there are nodes, as Kafka does; otherwise as many are placed as there are nodes. */
  readonly strict: boolean
}

/**
 * Replicas for each new partition, the first the preferred leader. Leaders go around the nodes; where they start depends
 * on how many topics there are, so that many topics of one partition do not all lead on the first node.
 */
export function placeReplicas(image: MetadataImage, request: PlacementRequest): readonly (readonly number[])[] {
  const brokers = [...image.brokers.keys()].sort((one, other) => one - other)
  const usable = brokers.filter((id) => isActive(image, id))
  const { replicationFactor } = request
  if (usable.length === 0) throw refused(replicationFactor, 'All brokers are currently fenced.')
  if (request.strict && replicationFactor > brokers.length) {
    const reason = `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered.`
    throw refused(replicationFactor, reason)
  }
  // A node that is down may hold a replica, as in Kafka, but leads only when too few are up.
  const candidates = [...usable, ...brokers.filter((id) => !usable.includes(id))]
  const count = Math.min(replicationFactor, candidates.length)
  const start = image.topicsById.size + request.firstPartition
  return Array.from({ length: request.partitionCount }, (_, index) =>
    replicasFrom(candidates, usable.length, start + index, count),
  )
}

function replicasFrom(candidates: readonly number[], usableCount: number, start: number, count: number): number[] {
  const usable = candidates.slice(0, usableCount)
  const turned = usable.map((_, index) => usable[(start + index) % usableCount] as number)
  return [...turned, ...candidates.slice(usableCount)].slice(0, count)
}

function refused(replicationFactor: number, reason: string): KafkaError {
  return new KafkaError('INVALID_REPLICATION_FACTOR', `Unable to replicate the partition ${replicationFactor} time(s): ${reason}`)
}

/** Up and not about to go. */
export function isActive(image: MetadataImage, brokerId: number): boolean {
  const broker = image.brokers.get(brokerId)
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
}

/** Throws INVALID_REPLICA_ASSIGNMENT. `replicationFactor`: that of the partitions before, null for the first. */
export function checkManualAssignment(image: MetadataImage, replicas: readonly number[], replicationFactor: number | null): void {
  const refuse = (reason: string): never => {
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', `The manual partition assignment includes ${reason}`)
  }
  if (replicas.length === 0) refuse('an empty replica list.')
  const sorted = [...replicas].sort((one, other) => one - other)
  for (const [index, id] of sorted.entries()) {
    if (!image.brokers.has(id)) refuse(`broker ${id}, but no such broker is registered.`)
    if (index > 0 && sorted[index - 1] === id) refuse(`the broker ${id} more than once.`)
  }
  if (replicationFactor !== null && sorted.length !== replicationFactor) {
    refuse(
      `a partition with ${sorted.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`,
    )
  }
}

/** A partition as it is born: in sync on every replica that is up, led by the first of them. Null if none is up. */
export function newPartition(
  image: MetadataImage,
  partition: number,
  replicas: readonly number[],
  placement: DirectoryPlacement,
): PartitionImage | null {
  const isr = replicas.filter((id) => isActive(image, id))
  const [leader] = isr
  if (leader === undefined) return null
  return {
    partition,
    replicas,
    directories: placement.directoriesOf(replicas),
    isr,
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    leader,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
}
