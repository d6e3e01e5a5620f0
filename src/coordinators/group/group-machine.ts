import type { ErrorName } from '../../../protocol/errors.ts'
import type { CoordinatorRecord, Decision, Input, Machine, MachineRandom, Producer } from '../machine.ts'
import { ClassicGroup } from './classic-group.ts'
import type { GroupInput, GroupRequest, JoinGroupRequest } from './group-request.ts'
import type { GroupImage, GroupSettings } from './group-settings.ts'
import { offsetExpiryTimer, parseTimer } from './group-timer.ts'
import { heartbeat } from './heartbeat.ts'
import { joinGroup, sizeRefusal } from './join-group.ts'
import { leaveGroup } from './leave-group.ts'
import { commitOffsets } from './offset-commit.ts'
import { expireOffsets } from './offset-expiry.ts'
import { fetchOffsets } from './offset-fetch.ts'
import { Offsets } from './offsets.ts'
import { joinTimerExpired, prepareRebalance, restartSession, sessionTimerExpired, syncTimerExpired } from './rebalance.ts'
import { type GroupMetadata, newGroupMetadata, offsetTombstone, type ReplayedRecord, readRecord } from './records.ts'
import { heartbeatAnswer, joinRefusal, syncRefusal } from './responses.ts'
import { syncGroup } from './sync-group.ts'
import { Turn } from './turn.ts'

/** The groups of one partition of `__consumer_offsets`, and their offsets. */
export class GroupMachine implements Machine<GroupRequest, GroupImage> {
  readonly #settings: GroupSettings
  readonly #groups = new Map<string, ClassicGroup>()
  readonly #offsets = new Offsets()
  /** What transactions wrote that have not ended, by producer id. */
  readonly #pending = new Map<bigint, readonly CoordinatorRecord[]>()
  #retainedBytes = 0

  constructor(settings: GroupSettings) {
    this.#settings = settings
  }

  get groups(): ReadonlyMap<string, ClassicGroup> {
    return this.#groups
  }

  get offsets(): Offsets {
    return this.#offsets
  }

  /** What the members of its groups keep in memory. */
  get retainedBytes(): number {
    return this.#retainedBytes
  }

  decide(input: Input<GroupRequest>, image: GroupImage, nowMs: number, random: MachineRandom): Decision {
    const turn = new Turn(nowMs, random, this.#settings, image)
    switch (input.kind) {
      case 'loaded':
        this.#loaded(turn)
        break
      case 'request':
        this.#request(input, turn)
        break
      case 'timer':
        this.#timer(input.key, turn)
        break
      case 'image':
        for (const topic of input.deletedTopics) this.#forgetTopic(topic, turn)
        break
      // Kafka does not notice a member whose connection ends: it still counts as joined, and its session ends by time.
      // That its answer is not sent is the runtime's affair.
      case 'closed':
      case 'effect':
        break
    }
    return turn.decision()
  }

  replay(_offset: bigint, record: CoordinatorRecord): void {
    const { producer } = record
    if (producer === null) this.#apply(record)
    else this.#pending.set(producer.id, [...(this.#pending.get(producer.id) ?? []), record])
  }

  replayMarker(producer: Producer, commit: boolean): void {
    const pending = this.#pending.get(producer.id) ?? []
    this.#pending.delete(producer.id)
    if (commit) for (const record of pending) this.#apply(record)
  }

  #apply(record: CoordinatorRecord): void {
    const said = readRecord(record)
    if (said?.kind === 'group') this.#replayGroup(said.groupId, said.metadata)
    else if (said?.kind === 'offset') this.#replayOffset(said)
  }

  #replayGroup(groupId: string, metadata: GroupMetadata | null): void {
    this.#counted(groupId, () => {
      if (metadata === null) this.#groups.delete(groupId)
      else this.#groupOrNew(groupId).settle(metadata)
    })
  }

  #replayOffset({ groupId, topic, partition, committed }: Extract<ReplayedRecord, { kind: 'offset' }>): void {
    if (committed === null) {
      this.#offsets.delete(groupId, topic, partition)
    } else {
      this.#groupOrNew(groupId)
      this.#offsets.set(groupId, topic, partition, committed)
    }
  }

  /** Without a record of its own it is a simple group: offsets, and nobody to assign them to. */
  #groupOrNew(groupId: string): ClassicGroup {
    const group = this.#groups.get(groupId) ?? new ClassicGroup(groupId, null)
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
      for (const member of group.members) restartSession(group, member, turn)
      // The maximum was lowered: in a rebalance the last ones to join are turned away.
      if (group.members.size > this.#settings.membersMax) this.#counted(groupId, () => prepareRebalance(group, turn))
    }
    turn.setTimer(offsetExpiryTimer, this.#settings.offsetsRetentionCheckIntervalMs)
  }

  #request(input: GroupInput, turn: Turn): void {
    const { request: asked } = input
    if (asked.api === 'OffsetFetch') {
      turn.reply(input.id, fetchOffsets(this.#offsets, asked.group))
      return
    }
    this.#counted(asked.request.groupId, () => this.#groupRequest(input, asked, turn))
  }

  #groupRequest(input: GroupInput, asked: Exclude<GroupRequest, { api: 'OffsetFetch' }>, turn: Turn): void {
    const group = this.#groups.get(asked.request.groupId)
    switch (asked.api) {
      case 'JoinGroup':
        this.#join(group, input, asked.request, turn)
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
        commitOffsets(group, input, asked.request, turn)
        break
    }
  }

  /** A group is made by whoever asks for a member id, even if it is refused then; but not where it is too large. */
  #join(known: ClassicGroup | undefined, input: GroupInput, request: JoinGroupRequest, turn: Turn): void {
    const { groupId, memberId } = request
    if (known === undefined && memberId !== '') {
      turn.reply(input.id, joinRefusal(memberId, 'UNKNOWN_MEMBER_ID'))
      return
    }
    const refusal = sizeRefusal(known, input, request, turn)
    if (refusal !== null) {
      turn.reply(input.id, joinRefusal(memberId, refusal))
      return
    }
    const group = known ?? new ClassicGroup(groupId, BigInt(turn.nowMs))
    this.#groups.set(groupId, group)
    joinGroup(group, input, request, turn)
    if (known === undefined && turn.recordCount === 0) turn.record(newGroupMetadata(group))
  }

  #timer(key: string, turn: Turn): void {
    const timer = parseTimer(key)
    if (timer.kind === 'offset-expiry') {
      expireOffsets(this.#groups.values(), this.#offsets, turn)
      return
    }
    const group = this.#groups.get(timer.groupId)
    if (group === undefined) return
    this.#counted(timer.groupId, () => {
      if (timer.kind === 'join') joinTimerExpired(group, turn)
      else if (timer.kind === 'sync') syncTimerExpired(group, turn)
      else sessionTimerExpired(group, timer.memberId, turn)
    })
  }

  #forgetTopic(topic: string, turn: Turn): void {
    for (const groupId of this.#offsets.groupIds()) {
      for (const partition of this.#offsets.ofGroup(groupId)?.get(topic)?.keys() ?? []) {
        turn.record(offsetTombstone(groupId, topic, partition))
      }
    }
  }
}

/** What Kafka refuses before it looks for the coordinator; null where it goes on. */
export function refusalBeforeLookup(asked: GroupRequest, settings: GroupSettings): ErrorName | null {
  // Offsets may be kept under the empty group id, as very old clients do.
  if (asked.api === 'OffsetCommit' || asked.api === 'OffsetFetch') return null
  if (asked.request.groupId === '') return 'INVALID_GROUP_ID'
  if (asked.api !== 'JoinGroup') return null
  const { sessionTimeoutMs } = asked.request
  const isLegal = sessionTimeoutMs >= settings.minSessionTimeoutMs && sessionTimeoutMs <= settings.maxSessionTimeoutMs
  return isLegal ? null : 'INVALID_SESSION_TIMEOUT'
}
