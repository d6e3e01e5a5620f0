import type { ExpiryBase, Group } from '../group.ts'
import { offsetExpiryTimer } from '../group-timer.ts'
import { offsetTombstone } from '../records.ts'
import type { Turn } from '../turn.ts'
import type { CommittedOffset, Offsets } from './offsets.ts'

/** A decision is one batch: what expires beyond this comes with the next, at once. */
const tombstonesMax = 1000

/** Removes offsets that are past their retention, and then groups that are empty and have no offsets. */
export function expireOffsets(groups: Iterable<Group>, offsets: Offsets, turn: Turn): void {
  for (const group of groups) {
    const isBare = expireGroupOffsets(group, offsets, turn)
    if (turn.recordCount >= tombstonesMax) {
      turn.setTimer(offsetExpiryTimer, 0)
      return
    }
    if (!isBare || !group.isEmpty || group.isExpected) continue
    for (const record of group.tombstones()) turn.record(record)
  }
  turn.setTimer(offsetExpiryTimer, turn.settings.offsetsRetentionCheckIntervalMs)
}

/** True if the group then has no offsets, and no transaction that may give it some. */
function expireGroupOffsets(group: Group, offsets: Offsets, turn: Turn): boolean {
  const { groupId } = group
  const topics = offsets.ofGroup(groupId)
  const isPending = offsets.hasPending(groupId)
  if (topics === undefined) return !isPending
  const base = group.expiryBase()
  if (base === null) return false
  const subscription = group.subscription()
  let isBare = !isPending
  for (const [topic, partitions] of topics) {
    const isInUse = subscription.has(topic)
    for (const [partition, committed] of partitions) {
      const isKept = isInUse || !isExpired(committed, base, turn) || offsets.isPending(groupId, topic, partition)
      if (isKept || turn.recordCount >= tombstonesMax) isBare = false
      else turn.record(offsetTombstone(groupId, topic, partition))
    }
  }
  return isBare
}

function isExpired(committed: CommittedOffset, base: NonNullable<ExpiryBase>, turn: Turn): boolean {
  const now = BigInt(turn.nowMs)
  if (committed.expireTimestampMs !== null) return now >= committed.expireTimestampMs
  return now - base(committed) >= BigInt(turn.settings.offsetsRetentionMs)
}
