import { expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { seededRandom } from '../../environment/random.ts'
import type { Decision } from '../machine.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import type { GroupMachine } from './group-machine.ts'
import type {
  GroupRequest,
  HeartbeatResponse,
  JoinGroupResponse,
  OffsetCommitResponse,
  SyncGroupResponse,
} from './group-request.ts'
import { groupNamesBytes, pendingMemberBytes } from './retained-bytes.ts'
import { subscription, TestGroups } from './test-groups.ts'

const groupId = 'g'
const partitionCount = 6
const stepsPerSeed = 600
const stepsPerReplay = 10
const protocols = [
  [{ name: 'range', metadata: subscription(['orders']) }],
  [
    { name: 'sticky', metadata: subscription(['orders', 'payments']) },
    { name: 'range', metadata: subscription(['orders']) },
  ],
]

/** What a member believes to hold. */
interface Held {
  readonly generation: number
  readonly partitions: readonly number[]
}

type Phase = 'out' | 'waiting' | 'joined' | 'member'

/** A consumer that mostly does what clients do, and now and then what the dice say. */
interface Consumer {
  phase: Phase
  readonly name: string
  readonly instanceId: string | null
  readonly version: number
  memberId: string
  generation: number
  /** What its last join made it responsible for. */
  toAssign: readonly string[] | null
  partitions: readonly number[]
  /** The generation before, as it was when the last join was sent. */
  former: Held
}

/** One run of random clients against one group, from a seed. */
class Simulation {
  readonly groups = new TestGroups({ initialRebalanceDelayMs: 3000, membersMax: 5, pendingMembersMax: 3 })
  readonly #consumers: Consumer[]
  readonly #bytes: (count: number) => Buffer
  readonly #asking = new Map<number, { readonly consumer: Consumer; readonly request: GroupRequest }>()
  /** Who was given a partition in a generation, by both. */
  readonly #owners = new Map<string, string>()
  /** Commits that were accepted: what a run is worth. */
  confirmedCount = 0
  /** The last generation of which somebody was given its assignment: nobody may speak for an older one. */
  #newestComplete = 0
  #commitOffset = 0n

  constructor(seed: number) {
    const random = seededRandom(seed)
    this.#bytes = (count) => random.bytes(count)
    this.#consumers = Array.from({ length: 7 }, (_, index) => ({
      name: `c${index}`,
      instanceId: index < 2 ? `static${index}` : null,
      version: [9, 3, 5, 8, 0, 9, 4][index] ?? 9,
      phase: 'out',
      memberId: '',
      generation: -1,
      toAssign: null,
      partitions: [],
      former: { generation: -1, partitions: [] },
    }))
  }

  run(): void {
    for (let step = 0; step < stepsPerSeed; step += 1) {
      this.#step()
      if (step % stepsPerReplay === 0) this.#checkReplay()
    }
    // Nobody does anything any more: whatever still waits is answered by some timer.
    for (const { decision } of this.groups.advance(2 * 3_600_000)) this.#answered(decision)
    expect([...this.groups.open.keys()]).toEqual([])
    expect(this.groups.timerNames()).toEqual(['offset-expiry'])
    this.#checkReplay()
  }

  #dice(sides: number): number {
    return this.#bytes(4).readUInt32BE(0) % sides
  }

  #step(): void {
    const consumer = this.#consumers[this.#dice(this.#consumers.length)]!
    const roll = this.#dice(1000)
    if (roll < 830) this.#act(consumer)
    else if (roll < 930) this.#advance()
    else if (roll < 940) this.#leave(consumer)
    else if (roll < 945) this.#restart()
    // A process that starts again, one that repeats itself, one that stalled and goes on with what it believed.
    else if (roll < 960) Object.assign(consumer, { phase: 'out', memberId: '' })
    else if (roll < 970) this.#join(consumer)
    else if (roll < 975) this.#sync(consumer, consumer.generation)
    else if (roll < 985) this.#sync(consumer, consumer.former.generation)
    else this.#commit(consumer, consumer.former)
  }

  #act(consumer: Consumer): void {
    if (consumer.phase === 'out') this.#join(consumer)
    else if (consumer.phase === 'joined') this.#sync(consumer, consumer.generation)
    else if (consumer.phase === 'member' && this.#dice(2) === 0) this.#heartbeat(consumer)
    else if (consumer.phase === 'member') this.#commit(consumer, consumer)
  }

  #advance(): void {
    const longest = [100, 1000, 4000, 40_000][Math.min(this.#dice(12) >> 2, this.#dice(4))]!
    for (const { decision } of this.groups.advance(this.#dice(longest))) this.#answered(decision)
  }

  #restart(): void {
    this.#asking.clear()
    for (const consumer of this.#consumers) if (consumer.phase === 'waiting') consumer.phase = 'out'
    // A generation that was not complete is forgotten, its number is given out again; what was confirmed stays.
    this.#answered(this.groups.restart())
  }

  #join(consumer: Consumer): void {
    this.#ask(consumer, {
      api: 'JoinGroup',
      request: {
        groupId,
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 30_000,
        memberId: consumer.memberId,
        groupInstanceId: consumer.instanceId,
        protocolType: 'consumer',
        protocols: protocols[this.#dice(10) === 0 ? 1 : 0]!,
        reason: null,
      },
    })
  }

  #sync(consumer: Consumer, generation: number): void {
    const { memberId, instanceId, toAssign } = consumer
    const assignments = (toAssign ?? []).map((member, index, all) => ({
      memberId: member,
      assignment: Buffer.from(Array.from({ length: partitionCount }, (_, p) => p).filter((p) => p % all.length === index)),
    }))
    const of = { groupId, generationId: generation, memberId, groupInstanceId: instanceId, protocolName: null }
    this.#ask(consumer, { api: 'SyncGroup', request: { ...of, protocolType: null, assignments } })
  }

  #heartbeat(consumer: Consumer): void {
    const { memberId, generation, instanceId } = consumer
    const request = { groupId, generationId: generation, memberId, groupInstanceId: instanceId }
    const { replies } = this.groups.request({ api: 'Heartbeat', request })
    this.#hears(consumer, (replies[0]!.response as HeartbeatResponse).errorCode)
  }

  /** What an error means to a client: that it joins again, and perhaps that it is not who it was. */
  #hears(consumer: Consumer, code: number): void {
    if (code !== 0) consumer.phase = 'out'
    const error = errorName(code)
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID') consumer.memberId = ''
  }

  #leave(consumer: Consumer): void {
    const members = [{ memberId: consumer.memberId, groupInstanceId: consumer.instanceId, reason: null }]
    this.#answered(this.groups.request({ api: 'LeaveGroup', request: { groupId, memberId: '', members } }))
  }

  #commit(consumer: Consumer, { generation, partitions }: Held): void {
    const { memberId, instanceId } = consumer
    if (partitions.length === 0) return
    const offset = ++this.#commitOffset
    const details = { committedLeaderEpoch: -1, commitTimestamp: -1n, committedMetadata: null }
    const committed = partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: offset, ...details }))
    const request = {
      groupId,
      generationIdOrMemberEpoch: generation,
      memberId,
      groupInstanceId: instanceId,
      retentionTimeMs: -1n,
      topics: [{ name: 'orders', topicId: ZERO_UUID, partitions: committed }],
    }
    const { replies } = this.groups.request({ api: 'OffsetCommit', request })
    const { topics } = replies[0]!.response as OffsetCommitResponse
    const code = topics[0]!.partitions[0]!.errorCode
    this.#hears(consumer, code)
    if (code !== 0) return
    expect(generation).toBe(this.#newestComplete)
    this.confirmedCount += 1
    for (const partition of partitions) expect(this.#owners.get(`${generation}/${partition}`)).toBe(consumer.name)
  }

  #ask(consumer: Consumer, request: GroupRequest): void {
    consumer.phase = 'waiting'
    this.#asking.set(this.groups.lastRequestId + 1, { consumer, request })
    this.#answered(this.groups.request(request, { version: consumer.version, clientId: consumer.name }))
  }

  #answered({ replies }: Decision<unknown>): void {
    for (const { id, response } of replies) {
      const asked = this.#asking.get(id)
      this.#asking.delete(id)
      if (asked?.request.api === 'JoinGroup') this.#joined(asked.consumer, response as JoinGroupResponse)
      if (asked?.request.api === 'SyncGroup') this.#synced(asked.consumer, asked.request.request, response as SyncGroupResponse)
    }
  }

  #joined(consumer: Consumer, response: JoinGroupResponse): void {
    this.#hears(consumer, response.errorCode)
    if (errorName(response.errorCode) === 'MEMBER_ID_REQUIRED') consumer.memberId = response.memberId
    if (consumer.partitions.length > 0) {
      consumer.former = { generation: consumer.generation, partitions: consumer.partitions }
    }
    consumer.partitions = []
    if (response.errorCode !== 0) return
    consumer.phase = 'joined'
    consumer.memberId = response.memberId
    consumer.generation = response.generationId ?? -1
    const assigns = response.leader === response.memberId && response.skipAssignment !== true
    consumer.toAssign = assigns ? response.members.map(({ memberId }) => memberId) : null
  }

  #synced(
    consumer: Consumer,
    asked: { readonly memberId: string; readonly generationId: number },
    response: SyncGroupResponse,
  ): void {
    this.#hears(consumer, response.errorCode)
    if (response.errorCode !== 0) return
    consumer.phase = 'member'
    expect(asked.generationId).toBeGreaterThanOrEqual(this.#newestComplete)
    this.#newestComplete = asked.generationId
    if (asked.memberId !== consumer.memberId || asked.generationId !== consumer.generation) return
    consumer.partitions = [...response.assignment]
    for (const partition of consumer.partitions) {
      const key = `${consumer.generation}/${partition}`
      // One partition, one generation, one member, for ever: also across restarts.
      expect(this.#owners.get(key) ?? consumer.name).toBe(consumer.name)
      this.#owners.set(key, consumer.name)
    }
  }

  /** The log alone says the same as the machine that wrote it, but for a rebalance that is under way. */
  #checkReplay(): void {
    const { machine } = this.groups
    expect(machine.retainedBytes).toBe(retainedBytesOf(machine))
    const replayed = this.groups.replayed()
    expect(offsetsOf(replayed)).toEqual(offsetsOf(machine))
    expect(replayed.retainedBytes).toBe(retainedBytesOf(replayed))
    const state = classicGroupOf(machine)?.state
    if (state === 'Stable' && !hasLostMembers(machine, replayed)) expect(summaryOf(replayed)).toEqual(summaryOf(machine))
    if (state === 'Empty') expect(classicGroupOf(replayed)?.state).toBe('Empty')
  }
}

function classicGroupOf({ groups }: GroupMachine): ClassicGroup | undefined {
  const group = groups.get(groupId)
  return group instanceof ClassicGroup ? group : undefined
}

const hasLostMembers = (machine: GroupMachine, replayed: GroupMachine): boolean =>
  classicGroupOf(machine)!.members.size !== classicGroupOf(replayed)!.members.size

/** Counted anew, member by member. */
function retainedBytesOf({ groups }: GroupMachine): number {
  let bytes = 0
  for (const group of groups.values()) {
    if (!(group instanceof ClassicGroup)) continue
    const { groupId, protocolType, members, pendingMembers } = group
    const namesBytes = groupNamesBytes(groupId, protocolType)
    for (const member of members) bytes += member.retainedBytes + namesBytes
    for (const id of pendingMembers) bytes += pendingMemberBytes(id) + namesBytes
  }
  return bytes
}

function summaryOf(machine: GroupMachine): object {
  const group = classicGroupOf(machine)!
  const { generationId, protocolType, protocolName, leaderId, state, stateTimestampMs } = group
  const members = [...group.members]
    .map(({ id, instanceId, clientId, clientHost, assignment }) => ({ id, instanceId, clientId, clientHost, assignment }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  return { generationId, protocolType, protocolName, leaderId, state, stateTimestampMs, members }
}

const offsetsOf = ({ offsets }: GroupMachine): readonly (readonly [number, bigint])[] =>
  [...(offsets.ofGroup(groupId)?.get('orders') ?? [])].map(([partition, { offset }]) => [partition, offset] as const)

// One seed of many each time, told by its title when it fails; those that ever failed stand here for ever.
const today = Math.floor(Date.now() / 1000)
const known = [1, 2, 3, 4, 5]
const seeds = [...known, ...Array.from({ length: 7 }, (_, index) => today + index)]
let confirmedCount = 0

test.each(seeds)('random clients of one group, seed %i', (seed) => {
  const simulation = new Simulation(seed)
  simulation.run()
  // Of the same seeds each time: some come far, some hardly begin.
  if (known.includes(seed)) confirmedCount += simulation.confirmedCount
})

test('the runs came far enough to show something', () => expect(confirmedCount).toBeGreaterThan(100))
