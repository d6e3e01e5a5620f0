import type { TopicPartitions } from '../assignors/partition-assignor.ts'
import { elementOverheadBytes, identityBytes, stringBytes } from '../retained-bytes.ts'

/**
 * Where a member stands on its way to the target assignment. Unrevoked: it still has to give partitions up. Unreleased:
 * others still hold what it is to get. Unknown: a later Kafka wrote a state that we do not know.
 */
export type MemberState = 'Stable' | 'UnrevokedPartitions' | 'UnreleasedPartitions' | 'Unknown'

/** Partitions by topic id, each with the epoch at which the member got it (KIP-1251). */
export type AssignedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>

/** What a member of the classic protocol in a consumer group has said of itself. */
export interface ClassicMemberMetadata {
  readonly sessionTimeoutMs: number
  readonly supportedProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

/** The epoch of a member that leaves, and of a static one that leaves and means to come back. */
export const leaveEpoch = -1
export const staticLeaveEpoch = -2

/** A member of a consumer group as its records have it. It never changes: a change makes another. */
export interface ConsumerMember {
  readonly id: string
  readonly epoch: number
  /** The one before: a client that missed the last answer still names it. */
  readonly previousEpoch: number
  readonly state: MemberState
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly clientId: string
  readonly clientHost: string
  readonly subscribedTopicNames: ReadonlySet<string>
  /** Empty or null: none. Both are kept, since both are answered. */
  readonly subscribedTopicRegex: string | null
  readonly assignorName: string | null
  readonly assigned: AssignedPartitions
  /** Held until the member says that it has given them up. */
  readonly pendingRevocation: AssignedPartitions
  /** Null: it speaks the consumer protocol. */
  readonly classic: ClassicMemberMetadata | null
}

const noPartitions: AssignedPartitions = new Map()

export function newConsumerMember(id: string): ConsumerMember {
  return {
    id,
    epoch: 0,
    previousEpoch: -1,
    state: 'Stable',
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: new Set(),
    subscribedTopicRegex: '',
    assignorName: null,
    assigned: noPartitions,
    pendingRevocation: noPartitions,
    classic: null,
  }
}

/** Null where it subscribes to none. */
export const regexOf = (member: ConsumerMember | undefined): string | null => member?.subscribedTopicRegex || null

export const isReconciledTo = (member: ConsumerMember, assignmentEpoch: number): boolean =>
  member.state === 'Stable' && member.epoch === assignmentEpoch

export function sameNames(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const name of one) {
    if (!other.has(name)) return false
  }
  return true
}

export function samePartitions(one: TopicPartitions, other: TopicPartitions): boolean {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const [topicId, partitions] of one) {
    const others = other.get(topicId)
    if (others === undefined || others.size !== partitions.size) return false
    for (const partition of partitions) {
      if (!others.has(partition)) return false
    }
  }
  return true
}

/** The same partitions, got at the same epochs. */
export function sameAssigned(one: AssignedPartitions, other: AssignedPartitions): boolean {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const [topicId, partitions] of one) {
    const others = other.get(topicId)
    if (others === undefined || others.size !== partitions.size) return false
    for (const [partition, epoch] of partitions) {
      if (others.get(partition) !== epoch) return false
    }
  }
  return true
}

/** The epoch at which it got the partition; undefined: it does not hold it. */
export const assignmentEpochOf = (member: ConsumerMember, topicId: string, partition: number): number | undefined =>
  member.assigned.get(topicId)?.get(partition) ?? member.pendingRevocation.get(topicId)?.get(partition)

/** What an entry of a map of numbers costs in memory. */
const partitionBytes = 40

export function partitionsBytes(assigned: ReadonlyMap<string, { readonly size: number }>): number {
  let bytes = 0
  for (const { size } of assigned.values()) bytes += elementOverheadBytes + size * partitionBytes
  return bytes
}

/** What the member keeps in memory, but for its target assignment. */
export function memberBytes(member: ConsumerMember): number {
  let bytes = identityBytes(member) + stringBytes(member.rackId, member.subscribedTopicRegex, member.assignorName)
  for (const name of member.subscribedTopicNames) bytes += elementOverheadBytes + stringBytes(name)
  for (const { name, metadata } of member.classic?.supportedProtocols ?? []) {
    bytes += elementOverheadBytes + stringBytes(name) + metadata.length
  }
  return bytes + partitionsBytes(member.assigned) + partitionsBytes(member.pendingRevocation)
}
