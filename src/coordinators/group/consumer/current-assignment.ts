import { KafkaError } from '../../../../protocol/errors.ts'
import type { TopicPartitions } from '../assignors/partition-assignor.ts'
import type { AssignedPartitions, ConsumerMember } from './consumer-member.ts'
import type { HeartbeatTopicPartitions } from './consumer-request.ts'

/** What a member is brought nearer to, and what stands in the way. */
export interface Reconciliation {
  readonly targetEpoch: number
  readonly target: TopicPartitions
  /** The ids of the topics that the member subscribes to now; the target may be older than that. */
  readonly subscribedTopicIds: ReadonlySet<string>
  readonly hasSubscriptionChanged: boolean
  /** Null where the member did not say. */
  readonly owned: readonly HeartbeatTopicPartitions[] | null
  /** Whether any member holds the partition or still has to give it up. */
  isHeld(topicId: string, partition: number): boolean
}

/**
 * One step towards the target assignment. First the member gives up what is not its own any more, and stays at its epoch
 * until it has said that it did. Then it goes to the target's epoch with all that is free, and waits for the rest. That is
 * what keeps a partition from having two owners. The same member is given back where nothing changes.
 */
export function reconciled(member: ConsumerMember, how: Reconciliation): ConsumerMember {
  switch (member.state) {
    case 'Stable':
      if (member.epoch !== how.targetEpoch) return nextAssignment(member, member.epoch, how)
      return how.hasSubscriptionChanged ? withoutUnsubscribed(member, how) : member
    case 'UnrevokedPartitions':
      if (!ownsAny(how.owned, member.pendingRevocation)) return nextAssignment(member, member.epoch, how)
      return how.hasSubscriptionChanged ? withoutUnsubscribed(member, how) : member
    case 'UnreleasedPartitions':
      return nextAssignment(member, member.epoch, how)
    case 'Unknown':
      if (how.owned === null || how.owned.length > 0) {
        throw new KafkaError(
          'FENCED_MEMBER_EPOCH',
          'The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.',
        )
      }
      return nextAssignment(member, how.targetEpoch, how)
  }
}

/** Who does not say what it owns may own all of them. */
function ownsAny(owned: readonly HeartbeatTopicPartitions[] | null, assigned: AssignedPartitions): boolean {
  if (owned === null) return true
  return owned.some(({ topicId, partitions }) => {
    const held = assigned.get(topicId)
    return held !== undefined && partitions.some((partition) => held.has(partition))
  })
}

/** Topics that the member does not subscribe to any more are taken from it at once, whatever the target still says. */
function withoutUnsubscribed(member: ConsumerMember, how: Reconciliation): ConsumerMember {
  const gone = [...member.assigned].filter(([topicId]) => !how.subscribedTopicIds.has(topicId))
  if (gone.length === 0) return member
  const assigned = new Map(member.assigned)
  const pendingRevocation = new Map(member.pendingRevocation)
  for (const [topicId, partitions] of gone) {
    assigned.delete(topicId)
    pendingRevocation.set(topicId, new Map([...(pendingRevocation.get(topicId) ?? []), ...partitions]))
  }
  if (!ownsAny(how.owned, pendingRevocation)) return { ...member, previousEpoch: member.epoch, assigned }
  return { ...member, state: 'UnrevokedPartitions', previousEpoch: member.epoch, assigned, pendingRevocation }
}

function nextAssignment(member: ConsumerMember, epoch: number, how: Reconciliation): ConsumerMember {
  const { kept, revoked } = divided(member, how)
  if (revoked.size > 0 && ownsAny(how.owned, revoked)) {
    const at = { epoch, previousEpoch: member.epoch }
    return { ...member, ...at, state: 'UnrevokedPartitions', assigned: kept, pendingRevocation: revoked }
  }
  const { assigned, isComplete } = withFree(kept, member, how)
  return {
    ...member,
    epoch: how.targetEpoch,
    previousEpoch: member.epoch,
    state: isComplete ? 'Stable' : 'UnreleasedPartitions',
    assigned,
    pendingRevocation: new Map(),
  }
}

const noPartitions: ReadonlySet<number> = new Set()

/** A topic that the member has unsubscribed from is no target, even if the last assignment was made before. */
const targetOf = (topicId: string, { target, subscribedTopicIds }: Reconciliation): ReadonlySet<number> =>
  (subscribedTopicIds.has(topicId) ? target.get(topicId) : undefined) ?? noPartitions

/** What it holds: what stays its own, and what it has to give up. */
function divided(member: ConsumerMember, how: Reconciliation): { kept: AssignedPartitions; revoked: AssignedPartitions } {
  const kept = new Map<string, ReadonlyMap<number, number>>()
  const revoked = new Map<string, ReadonlyMap<number, number>>()
  for (const [topicId, partitions] of member.assigned) {
    const target = targetOf(topicId, how)
    const stays = [...partitions].filter(([partition]) => target.has(partition))
    if (stays.length > 0) kept.set(topicId, stays.length === partitions.size ? partitions : new Map(stays))
    if (stays.length === partitions.size) continue
    revoked.set(topicId, new Map([...partitions].filter(([partition]) => !target.has(partition))))
  }
  return { kept, revoked }
}

/** With those of the target that nobody holds, from the target's epoch on. What the member itself has just given up is free. */
function withFree(
  kept: AssignedPartitions,
  member: ConsumerMember,
  how: Reconciliation,
): { assigned: AssignedPartitions; isComplete: boolean } {
  const assigned = new Map(kept)
  let isComplete = true
  for (const topicId of how.target.keys()) {
    const has = kept.get(topicId)
    const free: number[] = []
    for (const partition of targetOf(topicId, how)) {
      if (has?.has(partition)) continue
      const isFree = !how.isHeld(topicId, partition) || member.pendingRevocation.get(topicId)?.has(partition)
      if (isFree) free.push(partition)
      else isComplete = false
    }
    if (free.length === 0) continue
    const held = [...(has ?? []), ...free.map((partition) => [partition, how.targetEpoch] as const)]
    assigned.set(topicId, new Map(held.sort(([one], [other]) => one - other)))
  }
  return { assigned, isComplete }
}
