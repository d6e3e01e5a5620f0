import type { ErrorName } from '../../../protocol/errors.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../protocol/messages/consumer-protocol.ts'
import { heartbeat } from '../../../protocol/messages/heartbeat.ts'
import { joinGroup } from '../../../protocol/messages/join-group.ts'
import { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import { syncGroup } from '../../../protocol/messages/sync-group.ts'
import { errorOf } from './error-of.ts'
import { GroupOffsets } from './group-offsets.ts'
import { byTopic, namesOf } from './partition-name.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import type { World } from './world.ts'

export interface ClassicMemberOptions {
  readonly name: string
  readonly groupId: string
  readonly instanceId: string | null
  readonly isCooperative: boolean
  readonly topics: readonly string[]
  readonly heartbeatMs: number
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Its group has consumers of KIP-848 as well: then each member has an epoch of its own, and who owns what is a matter of time. */
  readonly isMixed: boolean
  /** How often in a thousand heartbeats it dies, leaves, or stalls. */
  readonly restlessness: number
}

interface Joined {
  readonly generation: number
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[] | null
}

/** The name and the version of JoinGroup that have the same fields for all that a member needs here. */
const joinVersions = [5, 6, 7, 8, 9]

/** A consumer in a classic group, as the usual clients are: joins, is given partitions, reads on, commits. */
export class ClassicMember {
  readonly #world: World
  readonly #options: ClassicMemberOptions
  readonly #connection: Connection
  readonly #offsets: GroupOffsets
  readonly #joinVersion: number
  #memberId = ''
  #owned: readonly string[] = []
  #generation = -1

  constructor(world: World, options: ClassicMemberOptions) {
    this.#world = world
    this.#options = options
    this.#connection = world.network.connect(options.name)
    this.#offsets = new GroupOffsets(world, options.groupId, this.#connection)
    this.#joinVersion = world.dice.pick(joinVersions)
  }

  async live(): Promise<void> {
    const { time, dice, isEnding } = this.#world
    while (!isEnding()) {
      try {
        await this.#takePart()
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await time.sleep(dice.between(50, 400))
    }
    this.#connection.close()
  }

  /** One generation: from the join until something ends it. */
  async #takePart(): Promise<void> {
    const joined = await this.#join()
    if (joined === null) return
    const partitions = await this.#sync(joined)
    if (partitions === null) return
    this.#generation = joined.generation
    const of = {
      memberId: this.#memberId,
      generation: joined.generation,
      instanceId: this.#options.instanceId,
      isClassic: !this.#options.isMixed,
    }
    this.#offsets.keep(partitions)
    while (!this.#world.isEnding()) {
      if (!(await this.#offsets.read(of))) break
      await this.#world.time.sleep(this.#options.heartbeatMs)
      if (await this.#isRestless()) return
      if (!(await this.#heartbeat(of.generation))) break
    }
    this.#offsets.commitLate(of)
    if (this.#options.isCooperative) return
    this.#own([], 0)
    this.#offsets.keep([])
  }

  async #join(): Promise<Joined | null> {
    const { groupId, instanceId, isCooperative, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const newest = this.#newest()
    const metadata = encodeSubscription(
      { topics, ownedPartitions: isCooperative ? byTopic(this.#owned) : [], generationId: this.#generation },
      3,
    )
    const response = await this.#connection.ask(joinGroup, this.#joinVersion, {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupInstanceId: instanceId,
      protocolType: 'consumer',
      protocols: [{ name: isCooperative ? 'cooperative-sticky' : 'range', metadata }],
      reason: null,
    })
    const error = errorOf(response.errorCode)
    this.#say(`joins: ${error} ${response.generationId}`)
    if (error === 'MEMBER_ID_REQUIRED') {
      this.#memberId = response.memberId
      return null
    }
    if (error !== 'NONE') {
      this.#hear(error)
      return null
    }
    this.#memberId = response.memberId
    this.#world.groups.spoke(groupId, this.#memberId, response.generationId, newest, 'JoinGroup')
    const leads = response.leader === response.memberId && !response.skipAssignment
    return { generation: response.generationId, members: leads ? response.members : null }
  }

  async #sync({ generation, members }: Joined): Promise<readonly string[] | null> {
    const { groupId, instanceId, isCooperative } = this.#options
    const { groups, partitionCounts } = this.#world
    const newest = this.#newest()
    const sentMs = this.#world.time.nowMs
    const given = members === null ? [] : assign(members, partitionCounts(), isCooperative)
    const response = await this.#connection.ask(syncGroup, 5, {
      groupId,
      generationId: generation,
      memberId: this.#memberId,
      groupInstanceId: instanceId,
      protocolType: 'consumer',
      protocolName: isCooperative ? 'cooperative-sticky' : 'range',
      assignments: given,
    })
    const error = errorOf(response.errorCode)
    this.#say(`syncs ${generation}: ${error}`)
    if (error !== 'NONE') {
      this.#hear(error)
      return null
    }
    groups.spoke(groupId, this.#memberId, generation, newest, 'SyncGroup')
    const partitions = response.assignment.length === 0 ? [] : namesOf(decodeAssignment(response.assignment).assignedPartitions)
    if (!this.#options.isMixed) groups.assigned(groupId, instanceId ?? this.#memberId, generation, partitions)
    // Cooperative: what is gone is given up first, and then joined for again.
    if (isCooperative && this.#owned.some((owned) => !partitions.includes(owned))) {
      this.#own(
        partitions.filter((partition) => this.#owned.includes(partition)),
        sentMs,
      )
      this.#generation = generation
      return null
    }
    this.#own(partitions, sentMs)
    return partitions
  }

  /** `sentMs`: when it asked, being a member then. */
  #own(partitions: readonly string[], sentMs: number): void {
    const before = this.#owned
    this.#owned = partitions
    if (!this.#options.isMixed) return
    const { groupId, instanceId } = this.#options
    const { consumerOwners } = this.#world
    const who = instanceId ?? this.#memberId
    for (const partition of before) if (!partitions.includes(partition)) consumerOwners.givenUp(groupId, who, partition)
    for (const partition of partitions) {
      if (before.includes(partition)) consumerOwners.kept(groupId, who, [partition], sentMs)
      else consumerOwners.taken(groupId, who, partition, sentMs)
    }
  }

  #newest(): number {
    return this.#options.isMixed ? -1 : this.#world.groups.newest(this.#options.groupId)
  }

  /** False: it must join again. */
  async #heartbeat(generation: number): Promise<boolean> {
    const { groupId, instanceId } = this.#options
    const response = await this.#connection.ask(
      heartbeat,
      4,
      { groupId, generationId: generation, memberId: this.#memberId, groupInstanceId: instanceId },
      { mayDouble: true },
    )
    const error = errorOf(response.errorCode)
    // That proves nothing: a group that is being loaded answers whoever asks.
    if (error === 'NONE') return true
    this.#say(`beats ${generation}: ${error}`)
    this.#hear(error)
    return error === 'COORDINATOR_LOAD_IN_PROGRESS' || error === 'NOT_COORDINATOR' || error === 'COORDINATOR_NOT_AVAILABLE'
  }

  /** What an error means to a client: that it is not who it was, and owns nothing. */
  #hear(error: ErrorName): void {
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID' || error === 'ILLEGAL_GENERATION') {
      this.#own([], 0)
      this.#generation = -1
    }
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID') this.#memberId = ''
  }

  /** True: it is another one now. */
  async #isRestless(): Promise<boolean> {
    const { dice, time } = this.#world
    const { restlessness, sessionTimeoutMs, instanceId } = this.#options
    if (!dice.chance(restlessness / 1000)) return false
    const kind = dice.roll(3)
    if (kind === 0) {
      this.#say('dies')
      this.#connection.close()
      this.#forget()
      await time.sleep(dice.between(100, 2 * sessionTimeoutMs))
      return true
    }
    if (kind === 1) {
      this.#say('stalls')
      await time.sleep(dice.between(1000, 2 * sessionTimeoutMs))
      return false
    }
    const { groupId } = this.#options
    this.#own([], 0)
    const members = [{ memberId: this.#memberId, groupInstanceId: instanceId, reason: null }]
    const { errorCode } = await this.#connection.ask(leaveGroup, 5, { groupId, members })
    this.#say(`leaves: ${errorOf(errorCode)}`)
    this.#forget()
    await time.sleep(dice.between(100, 60_000))
    return true
  }

  #forget(): void {
    this.#own([], 0)
    this.#memberId = ''
    this.#generation = -1
  }

  #say(what: string): void {
    this.#world.trace.say(`${this.#options.name} ${what}`)
  }
}

/** The leader's part: round robin; cooperative, nothing is given to one member that another still owns (KIP-429). */
function assign(
  members: NonNullable<Joined['members']>,
  counts: ReadonlyMap<string, number>,
  isCooperative: boolean,
): { memberId: string; assignment: Buffer }[] {
  const subscribed = members.map(({ memberId, metadata }) => ({ memberId, ...decodeSubscription(metadata) }))
  // Of two that say they own it, the one of the newer generation is right; nobody is when they are of the same one.
  const owners = new Map<string, { memberId: string; generationId: number }>()
  for (const { memberId, generationId, ownedPartitions } of subscribed) {
    for (const partition of namesOf(ownedPartitions)) {
      const other = owners.get(partition)
      if (other === undefined || other.generationId < generationId) owners.set(partition, { memberId, generationId })
    }
  }
  const topics = [...new Set(subscribed.flatMap((member) => member.topics))].sort()
  const partitions = topics.flatMap((topic) => Array.from({ length: counts.get(topic) ?? 0 }, (_, index) => `${topic}/${index}`))
  const ids = subscribed.map(({ memberId }) => memberId).sort()
  const given = new Map<string, string[]>(ids.map((id) => [id, []]))
  for (const [index, partition] of partitions.entries()) {
    const wanted = ids[index % ids.length]!
    const owner = owners.get(partition)?.memberId
    if (!isCooperative || owner === undefined || owner === wanted) given.get(wanted)?.push(partition)
  }
  return [...given].map(([memberId, of]) => ({
    memberId,
    assignment: encodeAssignment({ assignedPartitions: byTopic(of) }, 1),
  }))
}
