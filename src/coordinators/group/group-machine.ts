import type { ErrorName } from '../../../protocol/errors.ts'
import type { CoordinatorRecord, Decision, Input, Machine, MachineRandom, Producer } from '../machine.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { heartbeat } from './classic/heartbeat.ts'
import { joinGroup, sizeRefusal } from './classic/join-group.ts'
import { leaveGroup } from './classic/leave-group.ts'
import {
  evictionTimerExpired,
  joinTimerExpired,
  prepareRebalance,
  restartSession,
  sessionTimerExpired,
  syncTimerExpired,
} from './classic/rebalance.ts'
import { syncGroup } from './classic/sync-group.ts'
import { ConnectionTies } from './connection-ties.ts'
import { ConsumerGroup } from './consumer/consumer-group.ts'
import { consumerGroupLoaded, heartbeatToConsumerGroup } from './consumer/consumer-groups.ts'
import type { AskedHeartbeat, ResolvedRegexes, ResolveRegexes } from './consumer/consumer-request.ts'
import { describeConsumerGroup } from './consumer/describe-consumer-group.ts'
import { fence, rebalanceTimerExpired } from './consumer/leave-consumer-group.ts'
import { readConsumerRecord, replayConsumerRecord } from './consumer/replay-consumer-group.ts'
import { regexesResolved } from './consumer/subscribed-regexes.ts'
import { deleteGroups } from './delete-groups.ts'
import { describeGroup } from './describe-groups.ts'
import type { GroupInput, GroupRequest, JoinGroupRequest } from './group-request.ts'
import type { GroupImage, GroupSettings } from './group-settings.ts'
import { offsetExpiryTimer, parseTimer } from './group-timer.ts'
import { listGroups } from './list-groups.ts'
import { classicRequestInConsumerGroup } from './migration/classic-request.ts'
import { classicMemberIsLate } from './migration/leave-in-consumer-group.ts'
import { namedMember } from './named-member.ts'
import { commitOffsets } from './offsets/offset-commit.ts'
import { deleteOffsets } from './offsets/offset-delete.ts'
import { expireOffsets } from './offsets/offset-expiry.ts'
import { fetchOffsets } from './offsets/offset-fetch.ts'
import { Offsets } from './offsets/offsets.ts'
import { commitTransactionalOffsets } from './offsets/txn-offset-commit.ts'
import { type GroupMetadata, newGroupMetadata, offsetTombstone, type ReplayedRecord, readRecord } from './records.ts'
import { heartbeatAnswer, joinRefusal, syncRefusal } from './responses.ts'
import { Turn } from './turn.ts'

/** What is asked of one group and may change who is a member of it. */
type OneGroupRequest = Exclude<
  GroupRequest,
  { api: 'OffsetFetch' | 'DescribeGroups' | 'ListGroups' | 'DeleteGroups' | 'ConsumerGroupDescribe' }
>

type AnyGroup = ClassicGroup | ConsumerGroup

/** The groups of one partition of `__consumer_offsets`, and their offsets. */
export class GroupMachine implements Machine<GroupRequest, GroupImage, ResolveRegexes, ResolvedRegexes> {
  readonly #settings: GroupSettings
  readonly #groups = new Map<string, AnyGroup>()
  readonly #offsets = new Offsets()
  readonly #ties: ConnectionTies
  #retainedBytes = 0

  constructor(settings: GroupSettings) {
    this.#settings = settings
    this.#ties = new ConnectionTies(settings.evictOnDisconnectMs)
  }

  get groups(): ReadonlyMap<string, AnyGroup> {
    return this.#groups
  }

  get offsets(): Offsets {
    return this.#offsets
  }

  /** Members are tied to the connection, so that its end is an input. */
  watches(connection: number): boolean {
    return this.#ties.watches(connection)
  }

  /** What the members of its groups keep in memory. */
  get retainedBytes(): number {
    return this.#retainedBytes
  }

  decide(
    input: Input<GroupRequest, ResolveRegexes, ResolvedRegexes>,
    image: GroupImage,
    nowMs: number,
    random: MachineRandom,
  ): Decision<ResolveRegexes> {
    const turn = new Turn(nowMs, random, this.#settings, image, this.#ties)
    switch (input.kind) {
      case 'loaded':
        this.#loaded(turn)
        break
      case 'request':
        this.#request(input, turn)
        this.#named(input, turn)
        break
      case 'timer':
        this.#timer(input.key, turn)
        break
      case 'image':
        for (const topic of input.deletedTopics) this.#forgetTopic(topic, turn)
        break
      // Kafka does not notice a member whose connection ends: it still counts as joined, and its session ends by time.
      // So it is here, unless members are evicted. That its answer is not sent is the runtime's affair.
      case 'closed':
        this.#ties.closed(input.connection, turn)
        break
      case 'effect': {
        const group = this.#groups.get(input.effect.groupId)
        if (group instanceof ConsumerGroup) regexesResolved(group, input.result, turn)
        break
      }
    }
    const { classic } = turn
    if (classic !== null) this.#counted(classic.groupId, () => this.#groups.set(classic.groupId, classic))
    return turn.decision()
  }

  replay(offset: bigint, record: CoordinatorRecord): void {
    const said = readRecord(record)
    if (said?.kind === 'group') this.#replayGroup(said.groupId, said.metadata)
    else if (said?.kind === 'offset') this.#replayOffset(offset, record.producer, said)
    else this.#replayConsumerRecord(record)
  }

  replayMarker(producer: Producer, commit: boolean): void {
    this.#offsets.endTransaction(producer.id, commit)
  }

  #replayGroup(groupId: string, metadata: GroupMetadata | null): void {
    this.#counted(groupId, () => {
      const known = this.#groups.get(groupId)
      if (metadata !== null) this.#classicGroupOrNew(groupId).settle(metadata)
      // A group that has become one of the other kind is not removed with what it was.
      else if (known instanceof ClassicGroup) this.#groups.delete(groupId)
    })
  }

  #replayConsumerRecord(record: CoordinatorRecord): void {
    const said = readConsumerRecord(record)
    if (said === null) return
    const { groupId } = said.key
    this.#counted(groupId, () => {
      const known = this.#groups.get(groupId)
      const replayed = replayConsumerRecord(known instanceof ConsumerGroup ? known : undefined, said)
      if (replayed === 'removed') this.#groups.delete(groupId)
      else if (replayed !== 'keep') this.#groups.set(groupId, replayed)
    })
  }

  #replayOffset(
    recordOffset: bigint,
    producer: Producer | null,
    { committed, ...at }: Extract<ReplayedRecord, { kind: 'offset' }>,
  ): void {
    if (committed === null) {
      this.#offsets.delete(at)
    } else {
      if (!this.#groups.has(at.groupId)) this.#classicGroupOrNew(at.groupId)
      this.#offsets.store(at, producer?.id ?? null, { ...committed, recordOffset })
    }
  }

  /** Without a record of its own it is a simple group: offsets, and nobody to assign them to. */
  #classicGroupOrNew(groupId: string): ClassicGroup {
    const known = this.#groups.get(groupId)
    const group = known instanceof ClassicGroup ? known : new ClassicGroup(groupId, null)
    this.#groups.set(groupId, group)
    return group
  }

  /** Whatever may change a group's members goes through here, so that what they keep in memory is known. */
  #counted(groupId: string, change: () => void): void {
    const before = this.#groups.get(groupId)?.retainedBytes ?? 0
    change()
    this.#retainedBytes += (this.#groups.get(groupId)?.retainedBytes ?? 0) - before
  }

  #loaded(turn: Turn): void {
    for (const [groupId, group] of this.#groups) {
      if (group instanceof ConsumerGroup) {
        consumerGroupLoaded(group, turn)
        continue
      }
      for (const member of group.members) restartSession(group, member, turn)
      // The maximum was lowered: in a rebalance the last ones to join are turned away.
      if (group.members.size > this.#settings.membersMax) this.#counted(groupId, () => prepareRebalance(group, turn))
    }
    turn.setTimer(offsetExpiryTimer, this.#settings.offsetsRetentionCheckIntervalMs)
  }

  #request(input: GroupInput, turn: Turn): void {
    const { request: asked, id, caller } = input
    switch (asked.api) {
      case 'OffsetFetch': {
        const group = this.#groups.get(asked.group.groupId)
        turn.reply(id, fetchOffsets(group, this.#offsets, asked.group, asked.requireStable))
        break
      }
      case 'DescribeGroups': {
        const groups = asked.groupIds.map((groupId) => describeGroup(groupId, this.#groups.get(groupId), caller.version))
        turn.reply(id, { groups })
        break
      }
      case 'ConsumerGroupDescribe':
        turn.reply(id, {
          groups: asked.groupIds.map((groupId) => describeConsumerGroup(groupId, this.#groups.get(groupId), turn)),
        })
        break
      case 'ListGroups':
        turn.reply(id, { groups: listGroups(this.#groups.values(), asked.request) })
        break
      case 'DeleteGroups':
        turn.reply(id, { results: deleteGroups(asked.groupIds, this.#groups, this.#offsets, turn) })
        break
      default:
        this.#counted(asked.request.groupId, () => this.#groupRequest(input, asked, turn))
    }
  }

  #groupRequest(input: GroupInput, asked: OneGroupRequest, turn: Turn): void {
    const known = this.#groups.get(asked.request.groupId)
    const group = known instanceof ClassicGroup ? known : undefined
    if (known instanceof ConsumerGroup && !known.isEmpty && classicRequestInConsumerGroup(known, input, asked, turn)) return
    switch (asked.api) {
      case 'ConsumerGroupHeartbeat':
        this.#consumerHeartbeat(known, input, asked, turn)
        break
      case 'JoinGroup':
        this.#join(known, input, asked.request, turn)
        break
      case 'SyncGroup':
        if (group === undefined) turn.reply(input.id, syncRefusal('UNKNOWN_MEMBER_ID'))
        else syncGroup(group, input, asked.request, turn)
        break
      case 'Heartbeat':
        if (group === undefined) turn.reply(input.id, heartbeatAnswer('UNKNOWN_MEMBER_ID'))
        else heartbeat(group, input, asked.request, turn)
        break
      case 'LeaveGroup':
        leaveGroup(group, input, asked.request, turn)
        break
      case 'OffsetCommit':
        commitOffsets(known, input, asked.request, turn)
        break
      case 'TxnOffsetCommit':
        commitTransactionalOffsets(known, input, asked.request, turn)
        break
      case 'OffsetDelete':
        deleteOffsets(known, this.#offsets, input, asked.request, turn)
        break
    }
  }

  /** A group is made by whoever asks for a member id, even if it is refused then; but not where it is too large. */
  #join(former: AnyGroup | undefined, input: GroupInput, request: JoinGroupRequest, turn: Turn): void {
    const { groupId, memberId } = request
    const known = former instanceof ClassicGroup ? former : undefined
    if (known === undefined && memberId !== '') {
      turn.reply(input.id, joinRefusal(memberId, 'UNKNOWN_MEMBER_ID'))
      return
    }
    const refusal = sizeRefusal(known, input, request, turn)
    if (refusal !== null) {
      turn.reply(input.id, joinRefusal(memberId, refusal))
      return
    }
    if (former instanceof ConsumerGroup) for (const record of former.tombstones()) turn.record(record)
    const group = known ?? new ClassicGroup(groupId, BigInt(turn.nowMs))
    this.#groups.set(groupId, group)
    const { recordCount } = turn
    joinGroup(group, input, request, turn)
    if (known === undefined && turn.recordCount === recordCount) turn.record(newGroupMetadata(group))
  }

  #consumerHeartbeat(known: AnyGroup | undefined, input: GroupInput, asked: AskedHeartbeat, turn: Turn): void {
    const made = heartbeatToConsumerGroup(known, input, asked, turn)
    if (made !== null) this.#groups.set(made.groupId, made)
  }

  #named({ request: asked, caller }: GroupInput, turn: Turn): void {
    const member = namedMember(asked)
    if (member === null || !this.#groups.get(member.groupId)?.isEvictable(member.memberId)) return
    this.#ties.named(member.groupId, member.memberId, { connection: caller.connection, by: member.by }, turn)
  }

  #timer(key: string, turn: Turn): void {
    const timer = parseTimer(key)
    if (timer.kind === 'offset-expiry') {
      expireOffsets(this.#groups.values(), this.#offsets, turn)
      return
    }
    if (timer.kind === 'evict') this.#ties.expired(timer.groupId, timer.memberId)
    const group = this.#groups.get(timer.groupId)
    if (group === undefined) return
    this.#counted(timer.groupId, () => {
      if (group instanceof ConsumerGroup) {
        if (timer.kind === 'session' || timer.kind === 'evict') fence(group, timer.memberId, turn)
        else if (timer.kind === 'rebalance') rebalanceTimerExpired(group, timer.memberId, turn)
        else if (timer.kind === 'member-join' || timer.kind === 'member-sync') classicMemberIsLate(group, timer.memberId, turn)
      } else if (timer.kind === 'join') joinTimerExpired(group, turn)
      else if (timer.kind === 'sync') syncTimerExpired(group, turn)
      else if (timer.kind === 'evict') evictionTimerExpired(group, timer.memberId, turn)
      else if (timer.kind === 'session') sessionTimerExpired(group, timer.memberId, turn)
    })
  }

  #forgetTopic(topic: string, turn: Turn): void {
    for (const { groupId, partition } of this.#offsets.ofTopic(topic, () => true)) {
      turn.record(offsetTombstone(groupId, topic, partition))
    }
  }
}

/** What Kafka refuses before it looks for the coordinator; null where it goes on. */
export function refusalBeforeLookup(asked: GroupRequest, settings: GroupSettings): ErrorName | null {
  switch (asked.api) {
    // Offsets may be kept under the empty group id, as very old clients do; so it may be described and deleted.
    case 'OffsetCommit':
    case 'OffsetFetch':
    case 'DescribeGroups':
    case 'DeleteGroups':
    case 'ListGroups':
      return null
    case 'ConsumerGroupHeartbeat':
    case 'ConsumerGroupDescribe':
      return null
    default:
      if (asked.request.groupId === '') return 'INVALID_GROUP_ID'
  }
  if (asked.api !== 'JoinGroup') return null
  const { sessionTimeoutMs } = asked.request
  const isLegal = sessionTimeoutMs >= settings.minSessionTimeoutMs && sessionTimeoutMs <= settings.maxSessionTimeoutMs
  return isLegal ? null : 'INVALID_SESSION_TIMEOUT'
}
