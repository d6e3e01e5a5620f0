import type { ErrorName } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { CommittedTopic, Committer, ExpiryBase, Group } from '../group.ts'
import type { GroupProtocol } from '../group-request.ts'
import { type GroupMetadata, groupTombstone, type MemberMetadata } from '../records.ts'
import { groupNamesBytes, pendingMemberBytes } from '../retained-bytes.ts'
import { ClassicMember } from './classic-member.ts'
import { Members } from './members.ts'
import { subscribedTopics } from './subscribed-topics.ts'

/** Kafka's fifth state, Dead, is a group that is no longer there. */
export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export const consumerProtocolType = 'consumer'

/**
 * One classic group as it stands now.
 *
 * Its records say only which generation was last complete: its members and their assignments, or that there are none.
 * All that happens on the way to the next one (who has joined, who is waited for, the generation's number while it is
 * being completed) is volatile: decisions change it, no record carries it, and a restart falls back to the last record.
 * `settle` is where the two meet.
 */
export class ClassicGroup implements Group {
  readonly type = 'classic'
  readonly groupId: string
  readonly members = new Members()
  /** Members that were told the generation and have not asked for their assignment. */
  readonly pendingSyncs = new Set<string>()
  generationId = 0
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  /** When the state last changed: since when an Empty group's offsets grow old. */
  stateTimestampMs: bigint | null
  /** While a rebalance that began in Empty gathers members: how long it may still be prolonged. */
  initialDelay: { readonly delayMs: number; readonly remainingMs: number } | null = null
  /** Somebody joined since the initial delay was last prolonged. */
  memberJoinedInDelay = false
  readonly #pendingMembers = new Set<string>()
  #pendingMembersBytes = 0
  #state: ClassicGroupState = 'Empty'
  #startedEmpty = false

  constructor(groupId: string, stateTimestampMs: bigint | null) {
    this.groupId = groupId
    this.stateTimestampMs = stateTimestampMs
  }

  get state(): ClassicGroupState {
    return this.#state
  }

  get stateName(): string {
    return this.#state
  }

  get isEmpty(): boolean {
    return this.#state === 'Empty'
  }

  /** A member that was just given its id would find no group to come back to. */
  get isExpected(): boolean {
    return this.#pendingMembers.size > 0
  }

  /** A member that goes when its connection ends; static ones go by their session, as their process may well be restarting. */
  isEvictable(memberId: string): boolean {
    return this.#pendingMembers.has(memberId) || this.members.get(memberId)?.isStatic === false
  }

  /** Ids that were given out with MEMBER_ID_REQUIRED (KIP-394) and have not come back yet; a rebalance waits for them. */
  get pendingMembers(): ReadonlySet<string> {
    return this.#pendingMembers
  }

  /** What its members keep in memory, pending ones too. */
  get retainedBytes(): number {
    const count = this.members.size + this.#pendingMembers.size
    return this.members.retainedBytes + this.#pendingMembersBytes + count * groupNamesBytes(this.groupId, this.protocolType)
  }

  /** The rebalance under way began in Empty, so that it waits for its delay however many have joined. */
  get isInitialRebalance(): boolean {
    return this.#state === 'PreparingRebalance' && this.#startedEmpty
  }

  /**
   * Null: not a consumer group, or its metadata cannot be read. Read anew each time, since as a set the names would take
   * many times the memory of the metadata that they stand in.
   */
  subscribedTopics(): ReadonlySet<string> | null {
    if (this.protocolType !== consumerProtocolType) return null
    if (this.members.size === 0) return new Set()
    return this.protocolName === null ? null : subscribedTopics(this.members, this.protocolName)
  }

  /** An unreadable consumer group may be subscribed to anything. */
  subscription(): { has(topic: string): boolean } {
    return this.subscribedTopics() ?? { has: () => this.protocolType === consumerProtocolType }
  }

  expiryBase(): ExpiryBase {
    // A simple group: nobody says when its consumer is gone, so that each offset counts from its own commit.
    if (this.protocolType === null) return byCommit
    const { stateTimestampMs } = this
    if (this.#state === 'Empty') return ({ commitTimestampMs }) => stateTimestampMs ?? commitTimestampMs
    return this.#state === 'Stable' && this.subscribedTopics() !== null ? byCommit : null
  }

  offsetCommitRefusal(committer: Committer, _topics: readonly CommittedTopic[]): ErrorName | null {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, isTransactional } = committer
    if (generationId < 0 && this.#state === 'Empty') return null
    if (generationId < 0 && memberId === '' && groupInstanceId === null) {
      // Old versions of TxnOffsetCommit cannot name the member.
      return isTransactional ? null : 'UNKNOWN_MEMBER_ID'
    }
    const fenced = this.fenceMember(memberId, groupInstanceId)
    if (fenced !== null) return fenced
    if (generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    // The member knows the generation, but not yet whether the partition is still its own.
    return this.#state === 'CompletingRebalance' && !isTransactional ? 'REBALANCE_IN_PROGRESS' : null
  }

  offsetFetchRefusal(): ErrorName | null {
    return null
  }

  offsetDeleteRefusal(): ErrorName | null {
    return this.isEmpty || this.protocolType === consumerProtocolType ? null : 'NON_EMPTY_GROUP'
  }

  deletionRefusal(): ErrorName | null {
    return this.isEmpty ? null : 'NON_EMPTY_GROUP'
  }

  tombstones(): readonly CoordinatorRecord[] {
    return [groupTombstone(this.groupId)]
  }

  get hasAllMembersJoined(): boolean {
    return this.members.size === this.members.parkedJoinCount && this.pendingMembers.size === 0
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId
  }

  supports(protocolType: string, protocols: readonly GroupProtocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0
    return this.protocolType === protocolType && this.members.haveInCommonOneOf(protocols)
  }

  /** Why a request may not speak for the member; null if it may. */
  fenceMember(memberId: string, instanceId: string | null): ErrorName | null {
    if (instanceId !== null) {
      const known = this.members.idOfInstance(instanceId)
      if (known === undefined) return 'UNKNOWN_MEMBER_ID'
      if (known !== memberId) return 'FENCED_INSTANCE_ID'
    }
    return this.members.has(memberId) ? null : 'UNKNOWN_MEMBER_ID'
  }

  addPending(memberId: string): void {
    this.#pendingMembers.add(memberId)
    this.#pendingMembersBytes += pendingMemberBytes(memberId)
  }

  add(member: ClassicMember, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType
    this.leaderId ??= member.id
    this.members.add(member)
    this.#removePending(member.id)
  }

  /** Also an id that is only pending. What it waited for is the caller's to answer. */
  remove(memberId: string): ClassicMember | undefined {
    const member = this.members.remove(memberId)
    if (this.isLeader(memberId)) this.leaderId = this.members.first()?.id ?? null
    this.#removePending(memberId)
    this.pendingSyncs.delete(memberId)
    return member
  }

  /** The same static member under a new id: assignment, leadership and what is known of the client stay. */
  replaceStaticMember(old: ClassicMember, newId: string): ClassicMember {
    const wasLeader = this.isLeader(old.id)
    this.members.remove(old.id)
    const member = new ClassicMember({
      id: newId,
      instanceId: old.instanceId,
      clientId: old.clientId,
      clientHost: old.clientHost,
      rebalanceTimeoutMs: old.rebalanceTimeoutMs,
      sessionTimeoutMs: old.sessionTimeoutMs,
      protocols: old.protocols,
      assignment: old.assignment,
    })
    this.members.add(member)
    if (this.pendingSyncs.delete(old.id)) this.pendingSyncs.add(newId)
    if (wasLeader) this.leaderId = newId
    return member
  }

  /** The leader stays if it has joined, else another that has becomes it. False: nobody has joined. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false
    if (this.members.get(this.leaderId)?.parkedJoin) return true
    for (const member of this.members) {
      if (member.parkedJoin === null) continue
      this.leaderId = member.id
      return true
    }
    return false
  }

  prepareRebalance(nowMs: number): void {
    this.#startedEmpty = this.#state === 'Empty'
    this.#enter('PreparingRebalance', nowMs)
  }

  /** Into CompletingRebalance, or into Empty where nobody is left. */
  beginGeneration(nowMs: number): void {
    this.generationId += 1
    this.protocolName = this.members.size > 0 ? this.members.selectProtocol() : null
    this.pendingSyncs.clear()
    this.#enter(this.members.size > 0 ? 'CompletingRebalance' : 'Empty', nowMs)
  }

  /**
   * The group as a record says. A rebalance that is under way is later than any record and goes on; else the group is
   * then what a restart would make of it, but that members keep the protocols that were not chosen.
   */
  settle(metadata: GroupMetadata): void {
    if (this.#state === 'PreparingRebalance') return
    this.generationId = metadata.generation
    this.protocolType = metadata.protocolType === '' ? null : metadata.protocolType
    this.protocolName = metadata.protocol
    this.leaderId = metadata.leader
    this.stateTimestampMs = metadata.currentStateTimestamp === -1n ? null : metadata.currentStateTimestamp
    this.#settleMembers(metadata)
    this.#state = this.members.size > 0 ? 'Stable' : 'Empty'
  }

  #settleMembers(metadata: GroupMetadata): void {
    const named = new Set(metadata.members.map(({ memberId }) => memberId))
    for (const { id } of [...this.members]) {
      if (!named.has(id)) this.members.remove(id)
    }
    for (const said of metadata.members) this.#settleMember(said, metadata.protocol)
  }

  #settleMember(said: MemberMetadata, protocolName: string | null): void {
    const known = this.members.get(said.memberId)
    if (known?.metadata(protocolName)?.equals(said.subscription)) {
      this.members.setAssignment(known, said.assignment)
      known.sessionTimeoutMs = said.sessionTimeout
      known.rebalanceTimeoutMs = rebalanceTimeoutMs(said)
      return
    }
    if (known !== undefined) this.members.remove(known.id)
    this.members.add(memberOf(said, protocolName ?? ''))
  }

  #removePending(memberId: string): void {
    if (this.#pendingMembers.delete(memberId)) this.#pendingMembersBytes -= pendingMemberBytes(memberId)
  }

  #enter(state: ClassicGroupState, nowMs: number): void {
    this.#state = state
    this.stateTimestampMs = BigInt(nowMs)
  }
}

const byCommit: ExpiryBase = ({ commitTimestampMs }) => commitTimestampMs

function memberOf(said: MemberMetadata, protocolName: string): ClassicMember {
  return new ClassicMember({
    id: said.memberId,
    instanceId: said.groupInstanceId,
    clientId: said.clientId,
    clientHost: said.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs(said),
    sessionTimeoutMs: said.sessionTimeout,
    protocols: [{ name: protocolName, metadata: said.subscription }],
    assignment: said.assignment,
  })
}

/** Records of JoinGroup 0 have none. */
const rebalanceTimeoutMs = (said: MemberMetadata): number =>
  said.rebalanceTimeout === -1 ? said.sessionTimeout : said.rebalanceTimeout
