import { describe, expect, test } from '@jest/globals'
import { seededRandom } from '../../../environment/random.ts'
import { builtInAssignors } from './built-in-assignors.ts'
import type {
  AssignableGroup,
  AssignableMember,
  PartitionAssignor,
  SubscriptionType,
  TopicPartitions,
} from './partition-assignor.ts'
import { rangeAssignor } from './range-assignor.ts'
import { orderableTopicId } from './topic-id-order.ts'
import { uniformAssignor } from './uniform-assignor.ts'

type Topics = ReadonlyMap<string, number>
type Assignments = ReadonlyMap<string, TopicPartitions>
interface Case {
  readonly group: AssignableGroup
  readonly topics: Topics
}

const subscriptionTypes: readonly SubscriptionType[] = ['homogeneous', 'heterogeneous']
const everyAssignor = builtInAssignors.flatMap((assignor) =>
  subscriptionTypes.map((type) => ({ name: assignor.name, assignor, type })),
)
const seeds = Array.from({ length: 60 }, (_, seed) => seed)

const describer = (topics: Topics) => ({ partitionCount: (topicId: string) => topics.get(topicId) })
const assign = (assignor: PartitionAssignor, { group, topics }: Case) => assignor.assign(group, describer(topics))

const newMember = (topicIds: Iterable<string>, instanceId: string | null = null): AssignableMember => ({
  instanceId,
  rackId: null,
  subscribedTopicIds: new Set(topicIds),
  assignment: new Map(),
})

/** A topic id that stands for a name: as long as a real one. */
const topicIdOf = (name: string): string => Buffer.from(name.padEnd(16)).toString('base64url')

function randomCase(seed: number, subscriptionType: SubscriptionType): Case {
  const random = seededRandom(seed)
  const below = (end: number) => random.bytes(2).readUInt16BE() % end
  const topics = new Map(Array.from({ length: 1 + below(6) }, (_, index) => [topicIdOf(`topic-${index}`), 1 + below(12)]))
  const some = () => [...topics.keys()].filter(() => below(3) > 0)
  const shared = some()
  const ids = Array.from({ length: 1 + below(9) }, () => random.uuid())
  const subscribed = () => (subscriptionType === 'homogeneous' ? shared : some())
  const members = new Map(ids.map((id) => [id, newMember(subscribed(), below(4) === 0 ? `instance-${id}` : null)]))
  return { group: { members, subscriptionType }, topics }
}

/** The same group after it was assigned so. */
function settled({ group, topics }: Case, assignments: Assignments): Case {
  const members = [...group.members].map(
    ([id, member]) => [id, { ...member, assignment: assignments.get(id) ?? new Map() }] as const,
  )
  return { group: { ...group, members: new Map(members) }, topics }
}

function withMembers({ group, topics }: Case, change: (members: Map<string, AssignableMember>) => void): Case {
  const members = new Map(group.members)
  change(members)
  return { group: { ...group, members }, topics }
}

const partitionsOf = (assignment: TopicPartitions = new Map()): ReadonlySet<string> =>
  new Set([...assignment].flatMap(([topicId, partitions]) => [...partitions].map((partition) => `${topicId}:${partition}`)))

const sizeOf = (assignment: TopicPartitions = new Map()): number => partitionsOf(assignment).size

function checkOwners({ group, topics }: Case, assignments: Assignments): void {
  const owned = [...assignments.values()].flatMap((assignment) => [...partitionsOf(assignment)])
  const subscribed = new Set([...group.members.values()].flatMap(({ subscribedTopicIds }) => [...subscribedTopicIds]))
  const all = [...subscribed].flatMap((topicId) =>
    Array.from({ length: topics.get(topicId)! }, (_, partition) => `${topicId}:${partition}`),
  )
  expect(owned.sort()).toEqual(all.sort())
  for (const [id, assignment] of assignments) {
    const allowed = group.members.get(id)!.subscribedTopicIds
    expect([...assignment.keys()].filter((topicId) => !allowed.has(topicId))).toEqual([])
  }
}

/** The largest difference that moving one partition to another of its topic's subscribers could lessen. */
function imbalance({ group }: Case, assignments: Assignments): number {
  let worst = 0
  for (const [ownerId, assignment] of assignments) {
    for (const [otherId, { subscribedTopicIds }] of group.members) {
      const mayMove = [...assignment.keys()].some((topicId) => subscribedTopicIds.has(topicId))
      if (mayMove) worst = Math.max(worst, sizeOf(assignments.get(ownerId)) - sizeOf(assignments.get(otherId)))
    }
  }
  return worst
}

describe.each(everyAssignor)('$name, $type', ({ assignor, type }) => {
  test.each(seeds)('every partition has one owner, who subscribes to its topic (seed %d)', (seed) => {
    const asked = randomCase(seed, type)
    const first = assign(assignor, asked)
    checkOwners(asked, first)
    const grown = withMembers(settled(asked, first), (members) => {
      members.set('another', newMember(members.values().next().value!.subscribedTopicIds))
    })
    checkOwners(grown, assign(assignor, grown))
  })

  test.each(seeds)('what was assigned is assigned again (seed %d)', (seed) => {
    const asked = randomCase(seed, type)
    const first = assign(assignor, asked)
    expect(assign(assignor, settled(asked, first))).toEqual(first)
  })

  test('a group without members has no assignment', () => {
    expect(assignor.assign({ members: new Map(), subscriptionType: type }, describer(new Map())).size).toBe(0)
  })

  test('a topic that does not exist is a failure of the coordinator', () => {
    const members = new Map([['a', newMember([topicIdOf('gone')])]])
    expect(() => assignor.assign({ members, subscriptionType: type }, describer(new Map()))).toThrow('does not exist')
  })

  test('a thousand members of two thousand partitions cost no quadratic work', () => {
    // Counted, not timed: each look at a topic stands for the work around it.
    const { group, topics } = largeCase(type)
    let looks = 0
    const counting = {
      partitionCount(topicId: string) {
        looks += 1
        return topics.get(topicId)
      },
    }
    expect(sizes(assignor.assign(group, counting))).toBe(2000)
    expect(looks).toBeLessThanOrEqual(2 * topics.size)
  })
})

const sizes = (assignments: Assignments): number =>
  [...assignments.values()].reduce((sum, assignment) => sum + sizeOf(assignment), 0)

function largeCase(subscriptionType: SubscriptionType): Case {
  const topics = new Map(Array.from({ length: 40 }, (_, index) => [topicIdOf(`topic-${index}`), 50]))
  const topicIds = [...topics.keys()]
  const subscribed = (index: number) =>
    subscriptionType === 'homogeneous' ? topicIds : topicIds.filter((_, topic) => (topic + index) % 3 > 0)
  const members = new Map(Array.from({ length: 1000 }, (_, index) => [`member-${index}`, newMember(subscribed(index))]))
  return { group: { members, subscriptionType }, topics }
}

describe('uniform', () => {
  test.each(seeds)('two members of a homogeneous group differ by one partition at most (seed %d)', (seed) => {
    const asked = randomCase(seed, 'homogeneous')
    const counts = [...assign(uniformAssignor, asked).values()].map(sizeOf)
    expect(Math.max(0, ...counts) - Math.min(...counts, Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(1)
  })

  test.each(seeds)('no partition of a heterogeneous group would be better off elsewhere (seed %d)', (seed) => {
    const asked = randomCase(seed, 'heterogeneous')
    expect(imbalance(asked, assign(uniformAssignor, asked))).toBeLessThanOrEqual(1)
  })

  test.each(seeds)('when a member leaves, nobody else loses a partition (seed %d)', (seed) => {
    const asked = randomCase(seed, 'homogeneous')
    const first = assign(uniformAssignor, asked)
    const [leaver] = asked.group.members.keys()
    const second = assign(
      uniformAssignor,
      withMembers(settled(asked, first), (members) => members.delete(leaver!)),
    )
    for (const [id, assignment] of second) {
      const kept = partitionsOf(assignment)
      expect([...partitionsOf(first.get(id))].filter((partition) => !kept.has(partition))).toEqual([])
    }
  })

  test.each(seeds)('when a member joins, partitions move to it alone (seed %d)', (seed) => {
    const asked = randomCase(seed, 'homogeneous')
    const first = assign(uniformAssignor, asked)
    const shared = asked.group.members.values().next().value!.subscribedTopicIds
    const second = assign(
      uniformAssignor,
      withMembers(settled(asked, first), (members) => members.set('new', newMember(shared))),
    )
    for (const [id, assignment] of second) {
      const before = partitionsOf(first.get(id))
      if (id !== 'new') expect([...partitionsOf(assignment)].filter((partition) => !before.has(partition))).toEqual([])
    }
  })

  test('a member whose assignment stays gets the object that it came with', () => {
    const asked = randomCase(3, 'homogeneous')
    const again = settled(asked, assign(uniformAssignor, asked))
    for (const [id, assignment] of assign(uniformAssignor, again))
      expect(assignment).toBe(again.group.members.get(id)!.assignment)
  })

  test('a member that owns a partition which does not exist is a failure of the coordinator', () => {
    const topics = new Map([[topicIdOf('topic'), 1]])
    const owner = { ...newMember(topics.keys()), assignment: new Map([[topicIdOf('topic'), new Set([7])]]) }
    const members = new Map([
      ['a', owner],
      ['b', newMember([])],
    ])
    for (const subscriptionType of subscriptionTypes) {
      expect(() => uniformAssignor.assign({ members, subscriptionType }, describer(topics))).toThrow(/exist|do not have/)
    }
  })
})

describe('range', () => {
  test('topics with as many partitions are co-partitioned', () => {
    const topics = new Map(['one', 'two', 'three'].map((name) => [topicIdOf(name), 7]))
    const members = new Map(['c', 'a', 'b'].map((id) => [id, newMember(topics.keys())]))
    for (const assignment of assign(rangeAssignor, { group: { members, subscriptionType: 'homogeneous' }, topics }).values()) {
      const [one, ...others] = [...assignment.values()]
      expect(one!.size).toBeGreaterThan(0)
      for (const other of others) expect(other).toEqual(one)
    }
  })

  test('a static member finds its partitions under a new member id', () => {
    const topics = new Map([[topicIdOf('topic'), 5]])
    const memberWith = (instanceId: string) => newMember(topics.keys(), instanceId)
    const assigned = (ids: readonly string[]) => {
      const members = new Map(ids.map((id, index) => [id, memberWith(`instance-${index}`)]))
      return [...assign(rangeAssignor, { group: { members, subscriptionType: 'homogeneous' }, topics }).values()]
    }
    expect(assigned(['z', 'y'])).toEqual(assigned(['a', 'b']))
  })
})

test('topic ids are ordered as Kafka orders them: as two signed numbers', () => {
  const id = (high: bigint, low: bigint): string => {
    const bytes = Buffer.alloc(16)
    bytes.writeBigInt64BE(high, 0)
    bytes.writeBigInt64BE(low, 8)
    return bytes.toString('base64url')
  }
  const ordered = [id(-2n, 5n), id(-1n, -9n), id(-1n, 9n), id(0n, -1n), id(0n, 0n), id(0n, 1n), id(1n, -1n)]
  const sorted = [...ordered].reverse().sort((one, other) => orderableTopicId(one).compare(orderableTopicId(other)))
  expect(sorted).toEqual(ordered)
})
