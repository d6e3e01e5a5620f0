import { type ClassicGroup, consumerProtocolType } from './classic-group.ts'
import { offsetExpiryTimer } from './group-timer.ts'
import type { CommittedOffset, Offsets } from './offsets.ts'
import { groupTombstone, offsetTombstone } from './records.ts'
import type { Turn } from './turn.ts'

/** A decision is one batch: what expires beyond this comes with the next, at once. */
const tombstonesMax = 1000

/** Since when an offset grows old; null: it does not (KIP-211). */
type ExpiryBase = ((committed: CommittedOffset) => bigint) | null

/** Removes offsets that are past their retention, and then groups that are empty and have no offsets. */
export function expireOffsets(groups: Iterable<ClassicGroup>, offsets: Offsets, turn: Turn): void {
  for (const group of groups) {
    const isBare = expireGroupOffsets(group, offsets, turn)
    if (turn.recordCount >= tombstonesMax) {
      turn.setTimer(offsetExpiryTimer, 0)
      return
    }
    // A member that was just given its id would find no group to come back to.
    if (isBare && group.state === 'Empty' && group.pendingMembers.size === 0) turn.record(groupTombstone(group.groupId))
  }
  turn.setTimer(offsetExpiryTimer, turn.settings.offsetsRetentionCheckIntervalMs)
}

/** True if the group then has no offsets. */
function expireGroupOffsets(group: ClassicGroup, offsets: Offsets, turn: Turn): boolean {
  const topics = offsets.ofGroup(group.groupId)
  if (topics === undefined) return true
  const subscribed = group.subscribedTopics()
  const base = expiryBase(group, subscribed)
  if (base === null) return false
  let isBare = true
  for (const [topic, partitions] of topics) {
    // An unreadable consumer group may be subscribed to anything.
    const isSubscribed = subscribed?.has(topic) ?? group.protocolType === consumerProtocolType
    for (const [partition, committed] of partitions) {
      if (isSubscribed || !isExpired(committed, base, turn) || turn.recordCount >= tombstonesMax) isBare = false
      else turn.record(offsetTombstone(group.groupId, topic, partition))
    }
  }
  return isBare
}

function expiryBase(group: ClassicGroup, subscribed: ReadonlySet<string> | null): ExpiryBase {
  // A simple group: nobody says when its consumer is gone, so that each offset counts from its own commit.
  if (group.protocolType === null) return ({ commitTimestampMs }) => commitTimestampMs
  if (group.state === 'Empty') {
    const { stateTimestampMs } = group
    return ({ commitTimestampMs }) => stateTimestampMs ?? commitTimestampMs
  }
  return subscribed !== null && group.state === 'Stable' ? ({ commitTimestampMs }) => commitTimestampMs : null
}

function isExpired(committed: CommittedOffset, base: (committed: CommittedOffset) => bigint, turn: Turn): boolean {
  const now = BigInt(turn.nowMs)
  if (committed.expireTimestampMs !== null) return now >= committed.expireTimestampMs
  return now - base(committed) >= BigInt(turn.settings.offsetsRetentionMs)
}
