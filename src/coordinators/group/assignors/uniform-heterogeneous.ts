import { KafkaError } from '../../../../protocol/errors.ts'
import { MemberLoads } from './member-loads.ts'
import type { AssignableGroup, TopicDescriber, TopicPartitions } from './partition-assignor.ts'
import { requiredPartitionCount } from './partition-count.ts'
import { orderableTopicId } from './topic-id-order.ts'

/**
 * How often all topics are gone through to balance them. Twice is enough where the subscribers of a topic have equal subscriptions;
 * where subscriptions overlap, each time about halves what is out of balance.
 */
const balancingRoundsMax = 16

const nobody = -1

/** A subscribed topic; members are numbers in the group's order. */
interface Topic {
  readonly id: string
  /** Ascending. */
  readonly subscribers: number[]
  /** The owner of each partition. */
  readonly owners: Int32Array
  readonly order: Buffer
}

/**
 * Members subscribe to different topics. Each keeps what it may, the rest goes to the subscribers that own the least; at last
 * partitions move from the subscribers that own the most to those that own the least, until no topic's subscribers differ by more
 * than one partition.
 */
export function assignUniformHeterogeneous(group: AssignableGroup, topics: TopicDescriber): ReadonlyMap<string, TopicPartitions> {
  return new HeterogeneousAssignment(group, topics).build()
}

class HeterogeneousAssignment {
  readonly #group: AssignableGroup
  /** In the order in which they are assigned. */
  readonly #topics: readonly Topic[]
  /** How many partitions each member owns. */
  readonly #sizes: Int32Array
  /** Whose assignment is not what it was. */
  readonly #changed = new Set<number>()

  constructor(group: AssignableGroup, topics: TopicDescriber) {
    this.#group = group
    this.#sizes = new Int32Array(group.members.size)
    this.#topics = subscribedTopics(group, topics).sort(compareTopics)
  }

  build(): ReadonlyMap<string, TopicPartitions> {
    if (this.#topics.length === 0) return new Map()
    this.#keepSubscribed()
    for (const topic of this.#topics) this.#assignUnowned(topic)
    this.#balance()
    return this.#assignments()
  }

  #keepSubscribed(): void {
    const topicById = new Map(this.#topics.map((topic) => [topic.id, topic]))
    let member = 0
    for (const { assignment, subscribedTopicIds } of this.#group.members.values()) {
      for (const [topicId, partitions] of assignment) {
        if (subscribedTopicIds.has(topicId)) this.#keep(topicById.get(topicId)!, partitions, member)
        else this.#changed.add(member)
      }
      member += 1
    }
  }

  #keep({ id, owners }: Topic, partitions: ReadonlySet<number>, member: number): void {
    for (const partition of partitions) {
      if (partition >= owners.length)
        throw new KafkaError('UNKNOWN_SERVER_ERROR', `A member owns ${id}-${partition}, which does not exist.`)
      owners[partition] = member
    }
    this.#sizes[member]! += partitions.size
  }

  #assignUnowned({ subscribers, owners }: Topic): void {
    let partition = owners.indexOf(nobody)
    if (partition === -1) return
    const loads = new MemberLoads(subscribers, this.#sizes)
    for (; partition !== -1; partition = owners.indexOf(nobody, partition + 1))
      this.#give(owners, partition, loads.nextLeastLoaded())
  }

  #give(owners: Int32Array, partition: number, to: number): void {
    const from = owners[partition]!
    if (from !== nobody) {
      this.#sizes[from]! -= 1
      this.#changed.add(from)
    }
    owners[partition] = to
    this.#sizes[to]! += 1
    this.#changed.add(to)
  }

  #balance(): void {
    const shared = this.#topics.filter(({ subscribers }) => subscribers.length > 1)
    /** Where a whole round without any change will have been made. */
    let last: Topic | null = null
    for (let round = 0; round < balancingRoundsMax; round++) {
      for (const topic of shared) {
        if (topic === last) return
        const moved = this.#balanceTopic(topic)
        if (moved || last === null) last = topic
      }
    }
  }

  /** Whether any partition changed hands. */
  #balanceTopic({ subscribers, owners }: Topic): boolean {
    if (this.#imbalance(subscribers) <= 1) return false
    const loads = new MemberLoads(subscribers, this.#sizes)
    const owned = partitionsByOwner(owners)
    let moved = false
    for (;;) {
      const partition = takeFromMostLoaded(loads, owned)
      if (partition === undefined) return moved
      const to = loads.nextLeastLoaded()
      if (loads.isBalanced) return moved
      this.#give(owners, partition, to)
      moved = true
    }
  }

  #imbalance(members: readonly number[]): number {
    let least = Number.POSITIVE_INFINITY
    let most = 0
    for (const member of members) {
      const size = this.#sizes[member]!
      if (size < least) least = size
      if (size > most) most = size
    }
    return most - least
  }

  #assignments(): ReadonlyMap<string, TopicPartitions> {
    const assignments = new Map<string, TopicPartitions>()
    const built: (Map<string, Set<number>> | undefined)[] = []
    let member = 0
    for (const [memberId, { assignment }] of this.#group.members) {
      const changed = this.#changed.has(member) ? new Map<string, Set<number>>() : undefined
      built.push(changed)
      assignments.set(memberId, changed ?? assignment)
      member += 1
    }
    for (const { id, owners } of this.#topics) {
      for (const [partition, owner] of owners.entries()) {
        const assignment = built[owner]
        const partitions = assignment?.get(id)
        if (partitions !== undefined) partitions.add(partition)
        else assignment?.set(id, new Set([partition]))
      }
    }
    return assignments
  }
}

function subscribedTopics({ members }: AssignableGroup, topics: TopicDescriber): Topic[] {
  const subscribed = new Map<string, Topic>()
  let member = 0
  for (const { subscribedTopicIds } of members.values()) {
    for (const id of subscribedTopicIds) {
      const known = subscribed.get(id)
      if (known !== undefined) known.subscribers.push(member)
      else subscribed.set(id, newTopic(id, requiredPartitionCount(topics, id), member))
    }
    member += 1
  }
  return [...subscribed.values()]
}

const newTopic = (id: string, partitionCount: number, firstSubscriber: number): Topic => ({
  id,
  subscribers: [firstSubscriber],
  owners: new Int32Array(partitionCount).fill(nobody),
  order: orderableTopicId(id),
})

/** The topics that weigh most on each subscriber first, since those that come later can even out more; then by id. */
function compareTopics(one: Topic, other: Topic): number {
  const byWeight = weight(other) - weight(one)
  if (byWeight !== 0) return byWeight
  const bySubscribers = one.subscribers.length - other.subscribers.length
  return bySubscribers !== 0 ? bySubscribers : one.order.compare(other.order)
}

const weight = ({ owners, subscribers }: Topic): number => owners.length / subscribers.length

function partitionsByOwner(owners: Int32Array): ReadonlyMap<number, number[]> {
  const owned = new Map<number, number[]>()
  for (const [partition, owner] of owners.entries()) {
    const partitions = owned.get(owner)
    if (partitions !== undefined) partitions.push(partition)
    else owned.set(owner, [partition])
  }
  return owned
}

/** Undefined: nobody has any to give. */
function takeFromMostLoaded(loads: MemberLoads, owned: ReadonlyMap<number, number[]>): number | undefined {
  for (;;) {
    const member = loads.nextMostLoaded()
    if (member === undefined) return undefined
    const partition = owned.get(member)?.pop()
    if (partition !== undefined) return partition
    loads.excludeMostLoaded()
  }
}
