import type { KafkaError } from '../../../../protocol/errors.ts'
import type { Caller, CoordinatorRecord } from '../../machine.ts'
import type { Turn } from '../turn.ts'
import { type ConsumerGroup, matchedBytes } from './consumer-group.ts'
import { type ConsumerMember, regexOf, sameNames } from './consumer-member.ts'
import { groupEpoch, regexTombstone, resolvedRegex } from './consumer-records.ts'
import type { ResolvedRegexes } from './consumer-request.ts'
import { subscribedHash } from './subscribed-hash.ts'

/** A group's expressions are not matched with all topics more often than this. */
const refreshIntervalMinMs = 10_000

/** Whether a member's expression changed; if it did, whether what it stands for is known, so that the assignment can be made anew. */
export type RegexUpdate = 'unchanged' | 'updated' | 'resolved'

/**
 * The expression that a member subscribes to now, and whether the group's are to be matched with the topics again. All are
 * at once, so that what they find moves partitions once. Throws `invalid` where the expression is the first of its kind.
 */
export function updateRegexes(
  group: ConsumerGroup,
  before: ConsumerMember,
  after: ConsumerMember,
  caller: Caller,
  invalid: KafkaError | null,
  records: CoordinatorRecord[],
  turn: Turn,
): RegexUpdate {
  const [old, regex] = [regexOf(before), regexOf(after)]
  const hasChanged = before.subscribedTopicRegex !== after.subscribedTopicRegex
  const isNew = hasChanged && regex !== null && !group.regexes.has(regex)
  if (hasChanged && old !== null && group.regexes.get(old) === 1) records.push(regexTombstone(group.groupId, old))
  if (isNew && invalid !== null) throw invalid
  if (isNew || group.regexes.size > 0) refreshIfDue(group, [...group.regexesWith(before, after).keys()], isNew, caller, turn)
  if (!hasChanged) return 'unchanged'
  const isKnown = regex === null ? old !== null : !isNew && group.resolvedRegexes.has(regex)
  return isKnown ? 'resolved' : 'updated'
}

function refreshIfDue(group: ConsumerGroup, regexes: readonly string[], isNew: boolean, caller: Caller, turn: Turn): void {
  if (group.isResolvingRegexes || regexes.length === 0 || turn.nowMs < group.regexesRestUntilMs) return
  const last = group.lastRefresh
  const now = BigInt(turn.nowMs)
  if (last !== undefined && now <= last.timestampMs + BigInt(refreshIntervalMinMs)) return
  const isDue =
    isNew ||
    regexes.length !== group.resolvedRegexes.size ||
    last === undefined ||
    last.version < turn.topics.newTopicsVersion ||
    now > last.timestampMs + BigInt(turn.settings.regexRefreshIntervalMs)
  if (!isDue) return
  group.isResolvingRegexes = true
  const { principal, clientHost } = caller
  turn.effect({ kind: 'resolve-regexes', groupId: group.groupId, principal, clientHost, regexes })
}

/** What the group's expressions stand for now; its epoch rises if that is something else than before. */
export function regexesResolved(
  group: ConsumerGroup,
  { version, timestampMs, topicsByRegex }: ResolvedRegexes,
  turn: Turn,
): void {
  group.isResolvingRegexes = false
  const subscriptions = group.subscription().copy()
  let hasChanged = false
  let grownBytes = 0
  for (const [regex, topics] of topicsByRegex) {
    // Its last member has gone in between.
    if (!group.regexes.has(regex)) continue
    const before = group.topicsOfRegex(regex)
    const record = resolvedRegex(group.groupId, regex, { topics, version, timestampMs })
    const growthBytes = matchedBytes(topics) - matchedBytes(before)
    // Each expression of each group may match all topics there are.
    if (!turn.hasRoom(grownBytes + growthBytes) || !turn.fitsBatch([record])) {
      group.regexesRestUntilMs = turn.nowMs + refreshIntervalMinMs
      continue
    }
    grownBytes += growthBytes
    turn.record(record)
    if (sameNames(before, topics)) continue
    hasChanged = true
    subscriptions.countRegexMatches(before, -1)
    subscriptions.countRegexMatches(topics, 1)
  }
  const hash = subscribedHash(subscriptions.names, turn)
  if (!hasChanged && hash === group.metadataHash) return
  turn.record(groupEpoch(group.groupId, group.epoch + 1, hash))
  group.checkedVersion = turn.topics.version
}
