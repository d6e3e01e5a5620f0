import type { ErrorName } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { SubscriptionType, TopicPartitions } from '../assignors/partition-assignor.ts'
import type { CommittedTopic, Committer, ExpiryBase, Group } from '../group.ts'
import { elementOverheadBytes, groupNamesBytes, stringBytes } from '../retained-bytes.ts'
import { commitRefusal, fetchRefusal } from './committed-epochs.ts'
import {
  type ClassicMemberMetadata,
  type ConsumerMember,
  isReconciledTo,
  memberBytes,
  partitionsBytes,
  regexOf,
} from './consumer-member.ts'
import { groupTombstones } from './consumer-records.ts'
import { PartitionOwners } from './partition-owners.ts'
import { count, type SubscriptionCount, TopicSubscriptions } from './topic-subscriptions.ts'

/** Kafka's fifth state, Dead, is a group that is no longer there. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** What a regular expression stood for when it was last looked at. */
export interface ResolvedRegex {
  readonly topics: ReadonlySet<string>
  /** Of the metadata that it was matched with. */
  readonly version: bigint
  readonly timestampMs: bigint
}

export const noTopicPartitions: TopicPartitions = new Map()
/** Of a group whose target assignment was taken away. */
export const noAssignmentEpoch = -1
/** A group begins here without a record that says so: one that subscribes to nothing has no other. */
const firstEpoch = 1

const noTopics: ReadonlySet<string> = new Set()

/** A group of the consumer protocol (KIP-848), as its records have it: only replay changes what is not marked as volatile. */
export class ConsumerGroup implements Group {
  readonly type = 'consumer'
  readonly protocolType = 'consumer'
  readonly groupId: string
  epoch = firstEpoch
  /** Of the metadata of its topics; the group's epoch rises when another is found. */
  metadataHash = 0n
  /** The epoch that the target assignment was made for. */
  assignmentEpoch = firstEpoch
  /** When the target assignment was made; 0: not known. */
  assignmentTimestampMs = 0n
  /** Kafka before 4.1 wrote the metadata of its topics down; the next change of the group takes that away. */
  hasPartitionMetadata = false
  /** Volatile: the metadata that the hash was last compared with. */
  checkedVersion = -1n
  /** Volatile: its regular expressions are being matched. */
  isResolvingRegexes = false
  /** Volatile: until then they are not matched again, since what they matched could not be kept. */
  regexesRestUntilMs = 0
  /** Volatile: classic members that were told to join again and have not yet. */
  readonly awaitedJoins = new Set<string>()
  readonly #members = new Map<string, ConsumerMember>()
  readonly #targets = new Map<string, TopicPartitions>()
  readonly #owners = new PartitionOwners()
  readonly #idsByInstance = new Map<string, string>()
  readonly #subscriptions = new TopicSubscriptions()
  /** How many members subscribe to each. */
  readonly #regexes = new Map<string, number>()
  readonly #resolvedRegexes = new Map<string, ResolvedRegex>()
  /** How many members ask for each. */
  readonly #assignors = new Map<string, number>()
  /** How many of the classic members know each protocol. */
  readonly #classicProtocols = new Map<string, number>()
  #classicMemberCount = 0
  #bytes = 0

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.#members
  }

  get targets(): ReadonlyMap<string, TopicPartitions> {
    return this.#targets
  }

  get regexes(): ReadonlyMap<string, number> {
    return this.#regexes
  }

  get resolvedRegexes(): ReadonlyMap<string, ResolvedRegex> {
    return this.#resolvedRegexes
  }

  get assignors(): ReadonlyMap<string, number> {
    return this.#assignors
  }

  get classicProtocols(): ReadonlyMap<string, number> {
    return this.#classicProtocols
  }

  get classicMemberCount(): number {
    return this.#classicMemberCount
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  isEvictable(memberId: string): boolean {
    return this.#members.get(memberId)?.instanceId === null
  }

  get isExpected(): boolean {
    return false
  }

  get retainedBytes(): number {
    return this.#bytes + this.#members.size * groupNamesBytes(this.groupId, this.protocolType)
  }

  /** Looked for only when it is asked for: of a thousand members one may be behind. */
  get stateName(): ConsumerGroupState {
    if (this.isEmpty) return 'Empty'
    if (this.epoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.#members.values()) {
      if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling'
    }
    return 'Stable'
  }

  target(memberId: string): TopicPartitions {
    return this.#targets.get(memberId) ?? noTopicPartitions
  }

  /** The member behind a group instance id (KIP-345). */
  staticMember(instanceId: string): ConsumerMember | undefined {
    const id = this.#idsByInstance.get(instanceId)
    return id === undefined ? undefined : this.#members.get(id)
  }

  /** Who holds the partition, or still has to give it up. */
  ownerOf(topicId: string, partition: number): string | undefined {
    return this.#owners.of(topicId, partition)
  }

  /** The topics that an expression stands for; none while it has not been matched yet. */
  topicsOfRegex(regex: string | null): ReadonlySet<string> {
    return (regex === null ? undefined : this.#resolvedRegexes.get(regex)?.topics) ?? noTopics
  }

  /** When its expressions were last matched, and with which metadata: they all are at once. */
  get lastRefresh(): ResolvedRegex | undefined {
    for (const resolved of this.#resolvedRegexes.values()) return resolved
    return undefined
  }

  subscription(): TopicSubscriptions {
    return this.#subscriptions
  }

  /** As they would be with one member as it will be, in place of what it was. */
  subscriptionsWith(before: ConsumerMember, after: ConsumerMember): TopicSubscriptions {
    const subscriptions = this.#subscriptions.copy()
    // Before the member has records of its own it counts nowhere; a static one that comes back counts under its former id.
    subscriptions.countNames(before.subscribedTopicNames, -1)
    subscriptions.countNames(after.subscribedTopicNames, 1)
    const [old, regex] = [regexOf(before), regexOf(after)]
    if (old !== null && old !== regex && this.#regexes.get(old) === 1) {
      subscriptions.countRegexMatches(this.topicsOfRegex(old), -1)
    }
    return subscriptions
  }

  /** As they would be without members and expressions. */
  subscriptionsWithout(members: Iterable<ConsumerMember>, regexes: Iterable<string>): TopicSubscriptions {
    const subscriptions = this.#subscriptions.copy()
    for (const { subscribedTopicNames } of members) subscriptions.countNames(subscribedTopicNames, -1)
    for (const regex of regexes) subscriptions.countRegexMatches(this.topicsOfRegex(regex), -1)
    return subscriptions
  }

  regexesWith(before: ConsumerMember, after: ConsumerMember): ReadonlyMap<string, number> {
    const [old, regex] = [regexOf(before), regexOf(after)]
    if (old === regex) return this.#regexes
    const regexes = new Map(this.#regexes)
    if (old !== null) count(regexes, old, -1)
    if (regex !== null) count(regexes, regex, 1)
    return regexes
  }

  setMember(member: ConsumerMember): void {
    const before = this.#members.get(member.id)
    if (before !== undefined) this.#discount(before)
    this.#members.set(member.id, member)
    if (member.instanceId !== null) this.#idsByInstance.set(member.instanceId, member.id)
    this.#count(member, 1)
    this.#owners.take(member.id, member.assigned)
    this.#owners.take(member.id, member.pendingRevocation)
  }

  removeMember(id: string): void {
    const member = this.#members.get(id)
    if (member === undefined) return
    this.#members.delete(id)
    this.#discount(member)
    const { instanceId } = member
    // Its successor may have been written before.
    if (instanceId !== null && this.#idsByInstance.get(instanceId) === id) this.#idsByInstance.delete(instanceId)
  }

  setTarget(memberId: string, target: TopicPartitions | null): void {
    const before = this.#targets.get(memberId)
    if (before !== undefined) this.#bytes -= partitionsBytes(before)
    if (target === null) {
      this.#targets.delete(memberId)
    } else {
      this.#targets.set(memberId, target)
      this.#bytes += partitionsBytes(target)
    }
  }

  setResolvedRegex(regex: string, resolved: ResolvedRegex | null): void {
    const before = this.#resolvedRegexes.get(regex)
    if (before !== undefined) {
      this.#subscriptions.countRegexMatches(before.topics, -1)
      this.#bytes -= resolvedRegexBytes(regex, before)
    }
    this.#resolvedRegexes.delete(regex)
    if (resolved === null) return
    this.#resolvedRegexes.set(regex, resolved)
    this.#subscriptions.countRegexMatches(resolved.topics, 1)
    this.#bytes += resolvedRegexBytes(regex, resolved)
  }

  offsetCommitRefusal(committer: Committer, topics: readonly CommittedTopic[]): ErrorName | null {
    return commitRefusal(this.#members, committer, topics)
  }

  offsetFetchRefusal(memberId: string | null, memberEpoch: number): ErrorName | null {
    return fetchRefusal(this.#members, memberId, memberEpoch)
  }

  offsetDeleteRefusal(): ErrorName | null {
    return null
  }

  deletionRefusal(): ErrorName | null {
    return this.isEmpty ? null : 'NON_EMPTY_GROUP'
  }

  expiryBase(): ExpiryBase {
    return ({ commitTimestampMs }) => commitTimestampMs
  }

  tombstones(): readonly CoordinatorRecord[] {
    return groupTombstones(this.groupId, [...this.#members.keys()], [...this.#resolvedRegexes.keys()])
  }

  #discount(member: ConsumerMember): void {
    this.#count(member, -1)
    this.#owners.release(member.id, member.assigned)
    this.#owners.release(member.id, member.pendingRevocation)
  }

  #count(member: ConsumerMember, change: 1 | -1): void {
    this.#bytes += change * memberBytes(member)
    this.#subscriptions.countNames(member.subscribedTopicNames, change)
    const regex = regexOf(member)
    if (regex !== null) count(this.#regexes, regex, change)
    if (member.assignorName !== null) count(this.#assignors, member.assignorName, change)
    if (member.classic === null) return
    this.#classicMemberCount += change
    for (const name of protocolNames(member.classic)) count(this.#classicProtocols, name, change)
  }
}

const protocolNames = ({ supportedProtocols }: ClassicMemberMetadata): ReadonlySet<string> =>
  new Set(supportedProtocols.map(({ name }) => name))

/** What an expression that was matched keeps in memory. */
export const resolvedRegexBytes = (regex: string, { topics }: ResolvedRegex): number =>
  elementOverheadBytes + stringBytes(regex) + matchedBytes(topics)

export function matchedBytes(topics: ReadonlySet<string>): number {
  let bytes = 0
  for (const topic of topics) bytes += elementOverheadBytes + stringBytes(topic)
  return bytes
}

/** Whether all members subscribe to the same topics; with several kinds of subscriptions they are taken not to. */
export function subscriptionType(
  regexes: ReadonlyMap<string, number>,
  counts: Iterable<SubscriptionCount>,
  memberCount: number,
): SubscriptionType {
  const isSame = (one: SubscriptionCount): boolean =>
    regexes.size === 0 ? one.byName === memberCount : one.byRegex === 1 && one.byName === 0
  for (const members of regexes.values()) {
    if (members !== memberCount) return 'heterogeneous'
    break
  }
  for (const one of counts) {
    if (!isSame(one)) return 'heterogeneous'
  }
  return 'homogeneous'
}
