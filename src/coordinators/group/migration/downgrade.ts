import type { CoordinatorRecord } from '../../machine.ts'
import { ClassicGroup, consumerProtocolType } from '../classic/classic-group.ts'
import { ClassicMember } from '../classic/classic-member.ts'
import { prepareRebalance, restartSession } from '../classic/rebalance.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { ConsumerMember } from '../consumer/consumer-member.ts'
import { cancelMemberTimers } from '../consumer/member-timers.ts'
import type { GroupProtocol } from '../group-request.ts'
import { groupMetadata, readRecord } from '../records.ts'
import type { Turn } from '../turn.ts'
import { cancelClassicTimers } from './classic-member-timers.ts'
import { writeAssignment } from './embedded-protocol.ts'
import { mayDowngrade } from './migration-policy.ts'

/** What is about to happen to a consumer group that may leave it with classic members alone. */
export interface Departure {
  readonly leaving: readonly ConsumerMember[]
  /** The classic member that takes the place of the one that leaves: the same instance. */
  readonly joining: ConsumerMember | null
  /** Whether what the members own is not what they are to own, so that they must join anew. */
  readonly rebalances: boolean
}

/** A group whose last member of the consumer protocol leaves becomes a classic one, if that is allowed and it fits. */
export function isDowngrade(
  group: ConsumerGroup,
  { leaving, joining }: Pick<Departure, 'leaving' | 'joining'>,
  turn: Turn,
): boolean {
  const { migrationPolicy, membersMax } = turn.settings
  const stays = group.members.size - leaving.length + (joining === null ? 0 : 1)
  if (stays === 0 || stays > membersMax || !mayDowngrade(migrationPolicy)) return false
  const classicLeaving = leaving.filter(({ classic }) => classic !== null).length
  if (joining !== null && classicLeaving > 0) return false
  return group.classicMemberCount - classicLeaving === group.members.size - leaving.length
}

/**
 * The classic group that a consumer group becomes, in the generation that its epoch was, with the target assignment as the leader's.
 * Null where its record is too large for a batch: it stays what it is. The machine takes the group when the decision is made; the
 * records say the same to whoever loads them.
 */
export function downgrade(group: ConsumerGroup, departure: Departure, turn: Turn): readonly CoordinatorRecord[] | null {
  const classic = classicGroup(group, departure, turn)
  const record = groupMetadata(classic, ({ assignment }) => assignment)
  const records = [...group.tombstones(), record]
  if (!turn.fitsBatch(records)) return null
  const said = readRecord(record)
  if (said?.kind === 'group' && said.metadata !== null) classic.settle(said.metadata)
  if (departure.rebalances) setHeld(classic, group, departure, turn)
  for (const member of departure.leaving) cancelMemberTimers(group.groupId, member.id, turn)
  for (const { id, classic } of group.members.values()) if (classic !== null) cancelClassicTimers(group, id, turn)
  for (const member of classic.members) restartSession(classic, member, turn)
  if (departure.rebalances) prepareRebalance(classic, turn)
  turn.becomes(classic)
  return records
}

function classicGroup(group: ConsumerGroup, { leaving, joining }: Departure, turn: Turn): ClassicGroup {
  const classic = new ClassicGroup(group.groupId, BigInt(turn.nowMs))
  classic.generationId = group.epoch
  const gone = new Set(leaving)
  const former = joining?.instanceId == null ? undefined : group.staticMember(joining.instanceId)
  for (const member of group.members.values()) {
    if (!gone.has(member)) classic.add(classicMember(member), consumerProtocolType)
  }
  if (joining !== null) classic.add(classicMember(joining), consumerProtocolType)
  classic.protocolName = classic.members.selectProtocol()
  for (const member of classic.members) {
    const target = group.target(member.id === joining?.id ? (former?.id ?? member.id) : member.id)
    const protocol = protocolOf(classic, member)
    if (protocol !== undefined) classic.members.setAssignment(member, writeAssignment(target, protocol, turn.topics))
  }
  return classic
}

/**
 * Until the rebalance is over members have what they held, not what they were to get. Should the group become a consumer group again
 * before that, nobody is given what another still reads.
 */
function setHeld(classic: ClassicGroup, group: ConsumerGroup, { joining }: Departure, turn: Turn): void {
  for (const member of classic.members) {
    const held = member.id === joining?.id ? joining : group.members.get(member.id)
    const protocol = protocolOf(classic, member)
    if (held === undefined || protocol === undefined) continue
    classic.members.setAssignment(member, writeAssignment(heldPartitions(held), protocol, turn.topics))
  }
}

function heldPartitions({ assigned, pendingRevocation }: ConsumerMember): ReadonlyMap<string, ReadonlySet<number>> {
  const held = new Map<string, Set<number>>()
  for (const [topicId, partitions] of [...assigned, ...pendingRevocation]) {
    held.set(topicId, new Set([...(held.get(topicId) ?? []), ...partitions.keys()]))
  }
  return held
}

const protocolOf = ({ protocolName }: ClassicGroup, { protocols }: ClassicMember): GroupProtocol | undefined =>
  protocols.find(({ name }) => name === protocolName) ?? protocols[0]

function classicMember({ classic, ...member }: ConsumerMember): ClassicMember {
  return new ClassicMember({
    id: member.id,
    instanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    sessionTimeoutMs: classic?.sessionTimeoutMs ?? 0,
    protocols: classic?.supportedProtocols ?? [],
  })
}
