import type { ErrorName } from '../../../protocol/errors.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { errorOf } from './error-of.ts'
import { byTopic } from './partition-name.ts'
import type { Connection } from './simulated-network.ts'
import type { World } from './world.ts'

/** A member as its commits name it. Of a consumer group the generation is its epoch. */
export interface CommittingMember {
  readonly memberId: string
  readonly generation: number
  readonly instanceId: string | null
  /** Of a classic group: what it is answered is held against the group's generations. */
  readonly isClassic: boolean
}

/** After these nothing was committed, and nothing will be. */
const refusals: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
  'STALE_MEMBER_EPOCH',
  'FENCED_MEMBER_EPOCH',
  'REBALANCE_IN_PROGRESS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'UNKNOWN_TOPIC_OR_PARTITION',
])
/** Come back as a member of the same generation. */
const passing: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'NONE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'KAFKA_STORAGE_ERROR',
  // A consumer learns its new epoch by its next heartbeat.
  'STALE_MEMBER_EPOCH',
])

/** How far a member has read in the partitions that it was given. */
export class GroupOffsets {
  readonly #world: World
  readonly #groupId: string
  readonly #connection: Connection
  /** null: not looked up yet. */
  #positions = new Map<string, bigint | null>()

  constructor(world: World, groupId: string, connection: Connection) {
    this.#world = world
    this.#groupId = groupId
    this.#connection = connection
  }

  /** These are its partitions now; of those that it had it knows where it is. */
  keep(partitions: readonly string[]): void {
    this.#positions = new Map(partitions.map((partition) => [partition, this.#positions.get(partition) ?? null]))
  }

  get positions(): ReadonlyMap<string, bigint | null> {
    return this.#positions
  }

  /** Reads on and commits. False: it is no member any more. */
  async read(member: CommittingMember): Promise<boolean> {
    const { dice } = this.#world
    if ([...this.#positions.values()].includes(null)) await this.fetch(member)
    if (!dice.chance(0.4)) return true
    const moved = new Map<string, bigint>()
    for (const [partition, position] of this.#positions) {
      if (position === null || dice.chance(0.3)) continue
      const next = position + BigInt(dice.between(1, 20))
      moved.set(partition, next)
      this.#positions.set(partition, next)
    }
    return moved.size === 0 || this.commit(member, moved)
  }

  /** Looks up where to go on; where nothing is committed, at 0. Also with nobody's authority (epoch -1, no member). */
  async fetch(member: CommittingMember | null, partitions: readonly string[] = [...this.#positions.keys()]): Promise<void> {
    const looks = partitions.map((partition) => [partition, this.#world.offsets.look(`${this.#groupId}/${partition}`)] as const)
    const groups = [{ groupId: this.#groupId, memberId: null, memberEpoch: -1, topics: topicsOf(partitions) }]
    const response = await this.#connection.ask(offsetFetch, 8, { groups, requireStable: true })
    const group = response.groups[0]
    if (group === undefined || group.errorCode !== 0) {
      this.#say(`fetches offsets: ${errorOf(group?.errorCode)}`)
      return
    }
    for (const [partition, look] of looks) {
      const found = group.topics.find(
        ({ name }) => partition.startsWith(`${name}/`) && partition.lastIndexOf('/') === name.length,
      )
      const at = found?.partitions.find(({ partitionIndex }) => partition.endsWith(`/${partitionIndex}`))
      if (at === undefined || at.errorCode !== 0) continue
      look.found(at.committedOffset, at.metadata ?? '')
      if (member !== null && this.#positions.has(partition)) {
        this.#positions.set(partition, at.committedOffset < 0n ? 0n : at.committedOffset)
      }
    }
  }

  /** False: it is no member any more. */
  async commit(member: CommittingMember, moved: ReadonlyMap<string, bigint>): Promise<boolean> {
    const { groups, offsets } = this.#world
    const { memberId, generation, instanceId } = member
    const newest = groups.newest(this.#groupId)
    const commits = new Map(
      [...moved].map(([partition, offset]) => [partition, offsets.begin(`${this.#groupId}/${partition}`, offset)]),
    )
    const topics = topicsOf([...moved.keys()]).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: moved.get(`${name}/${partitionIndex}`) ?? 0n,
        committedMetadata: commits.get(`${name}/${partitionIndex}`)?.id ?? null,
      })),
    }))
    const doubled = (): void => {
      for (const commit of commits.values()) commit.doubled()
    }
    const request = {
      groupId: this.#groupId,
      generationIdOrMemberEpoch: generation,
      memberId,
      groupInstanceId: instanceId,
      topics,
    }
    try {
      const response = await this.#connection.ask(offsetCommit, 9, request, { mayDouble: true, doubled })
      let stays = true
      for (const { name, partitions } of response.topics) {
        for (const { partitionIndex, errorCode } of partitions) {
          const partition = `${name}/${partitionIndex}`
          const error = errorOf(errorCode)
          const commit = commits.get(partition)
          if (error === 'NONE') {
            commit?.acknowledged()
            if (member.isClassic) {
              groups.spoke(this.#groupId, memberId, generation, newest, 'OffsetCommit')
              groups.committed(this.#groupId, instanceId ?? memberId, generation, partition)
            }
          } else if (refusals.has(error)) commit?.refused()
          else commit?.lost()
          if (error !== 'NONE') this.#say(`commits ${partition} in ${generation}: ${error}`)
          stays &&= passing.has(error)
        }
      }
      return stays
    } catch (error) {
      for (const commit of commits.values()) commit.lost()
      throw error
    }
  }

  /** Now and then another thread of the same client commits once more, as what it was, when the group has moved on. */
  commitLate(member: CommittingMember): void {
    const { dice, time, network } = this.#world
    const [moved] = [...this.#positions].filter(([, position]) => position !== null)
    if (moved === undefined || !dice.chance(0.1)) return
    const [partition, position] = moved
    time.after(dice.between(100, 10_000), () => {
      const connection = network.connect('late')
      const close = (): void => connection.close()
      new GroupOffsets(this.#world, this.#groupId, connection)
        .commit(member, new Map([[partition, position ?? 0n]]))
        .then(close, close)
    })
  }

  #say(what: string): void {
    this.#world.trace.say(`${this.#groupId} ${what}`)
  }
}

const topicsOf = (partitions: readonly string[]): { name: string; partitionIndexes: number[] }[] =>
  byTopic(partitions).map(({ topic, partitions: of }) => ({ name: topic, partitionIndexes: of }))
