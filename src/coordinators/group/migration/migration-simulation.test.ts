import { describe, expect, test } from '@jest/globals'
import { seededRandom } from '../../../environment/random.ts'
import type { Decision } from '../../machine.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import type { ConsumerGroupHeartbeatResponse } from '../consumer/consumer-request.ts'
import { partitionKey, SimulatedConsumer } from '../consumer/simulated-consumer.ts'
import type { GroupRequest } from '../group-request.ts'
import { TestGroups } from '../test-groups.ts'
import { SimulatedClassicConsumer } from './simulated-classic-consumer.ts'

const groupId = 'g'
const topicNames = ['orders', 'payments']
const stepsPerSeed = 600

type Process = SimulatedConsumer | SimulatedClassicConsumer

/** One run of applications whose processes are restarted with one protocol or the other, from a seed. */
class Simulation {
  readonly groups = new TestGroups({ initialRebalanceDelayMs: 0 })
  readonly changes = { upgrades: 0, downgrades: 0 }
  readonly #processes: (Process | undefined)[] = [undefined, undefined, undefined, undefined]
  readonly #waiting = new Map<number, { readonly process: SimulatedClassicConsumer; readonly api: GroupRequest['api'] }>()
  readonly #bytes: (count: number) => Buffer
  readonly #isCooperative: boolean
  #lastMemberId = 0
  #mostAreClassic = true
  #type: string | undefined

  constructor(seed: number) {
    const random = seededRandom(seed)
    this.#bytes = (count) => random.bytes(count)
    this.#isCooperative = seed % 2 === 0
    for (const name of topicNames) this.groups.topics.set(name, 1 + this.#dice(5))
  }

  run(): void {
    for (let step = 0; step < stepsPerSeed; step += 1) {
      this.#step()
      this.#check()
    }
    this.#settle()
    this.#checkSettled()
    for (const process of this.#processes) if (process !== undefined) this.#leave(process)
    this.#received(this.groups.advance(3_600_000).map(({ decision }) => decision))
    expect(this.groups.timerNames()).toEqual(['offset-expiry'])
    expect(this.groups.machine.retainedBytes).toBe(0)
  }

  #dice(sides: number): number {
    return this.#bytes(4).readUInt32BE(0) % sides
  }

  #step(): void {
    const slot = this.#dice(this.#processes.length)
    const process = this.#processes[slot]
    const roll = this.#dice(1000)
    if (process?.isRunning !== true) this.#processes[slot] = this.#newProcess(slot)
    else if (roll < 850) this.#tick(process)
    else if (roll < 930) this.#received(this.groups.advance(this.#dice(3000)).map(({ decision }) => decision))
    else if (roll < 970) this.#bounce(slot, process)
    else if (roll < 980) this.#processes[slot] = this.#newProcess(slot)
    else if (roll < 990) this.#restart()
    else this.groups.topics.set('orders', (this.groups.topics.byName('orders')?.partitionCount ?? 0) + 1)
  }

  #newProcess(slot: number): Process {
    const instanceId = slot === 0 ? 'static' : null
    // Now most come back with the one, now with the other.
    if (this.#dice(10) === 0) this.#mostAreClassic = !this.#mostAreClassic
    if (this.#dice(8) === 0 ? !this.#mostAreClassic : this.#mostAreClassic) {
      return new SimulatedClassicConsumer(
        { groupId, instanceId, isCooperative: this.#isCooperative },
        this.groups.topics,
        topicNames,
      )
    }
    const consumer = new SimulatedConsumer(groupId, '', instanceId, { names: topicNames, regex: null })
    this.#lastMemberId += 1
    consumer.join(`m${this.#lastMemberId}`)
    return consumer
  }

  #tick(process: Process, isPrompt = false): void {
    if (process instanceof SimulatedClassicConsumer) {
      const request = process.next()
      if (request !== null) this.#send(process, request)
      return
    }
    process.answered(this.#beat(process))
    // It may take its time with what it was told.
    if (isPrompt || this.#dice(3) > 0) this.#taken(process, process.takeOver())
  }

  #send(process: SimulatedClassicConsumer, request: GroupRequest): void {
    this.#waiting.set(this.groups.lastRequestId + 1, { process, api: request.api })
    this.#received([this.groups.request(request, { version: 5 })])
  }

  #beat(process: SimulatedConsumer): ConsumerGroupHeartbeatResponse {
    return this.#consumerRequest(process.heartbeat())
  }

  #consumerRequest(request: ReturnType<SimulatedConsumer['heartbeat']>): ConsumerGroupHeartbeatResponse {
    const decision = this.groups.request({ api: 'ConsumerGroupHeartbeat', request, invalidRegex: null })
    const own = decision.replies.find(({ id }) => id === this.groups.lastRequestId)
    this.#received([decision])
    return own!.response as ConsumerGroupHeartbeatResponse
  }

  /** A JoinGroup or SyncGroup may be answered by what another process does. */
  #received(decisions: readonly Pick<Decision, 'replies'>[]): void {
    for (const { id, response } of decisions.flatMap(({ replies }) => replies)) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (waiting !== undefined) this.#taken(waiting.process, waiting.process.answered(waiting.api, response))
    }
  }

  /** Whoever else reads it was removed from the group, and has not noticed. */
  #taken(process: Process, keys: readonly string[]): void {
    for (const key of keys) {
      const others = this.#processes.filter((other) => other !== process && other?.owned.has(key) && this.#isMember(other))
      if (this.#isMember(process)) expect({ key, readBy: others.map((other) => other?.memberId) }).toEqual({ key, readBy: [] })
    }
  }

  #isMember({ memberId }: Process): boolean {
    const group = this.groups.machine.groups.get(groupId)
    return group?.members.has(memberId) === true
  }

  #bounce(slot: number, process: Process): void {
    this.#leave(process)
    this.#processes[slot] = this.#newProcess(slot)
  }

  #leave(process: Process): void {
    if (process instanceof SimulatedConsumer) {
      if (process.epoch > 0) this.#consumerRequest(process.leaving(process.instanceId === null ? -1 : -2))
    } else if (process.instanceId === null && process.memberId !== '') {
      this.#send(process, process.leaving())
    }
  }

  /** Not in a classic rebalance: who has not joined yet falls back to what was assigned before it. */
  #restart(): void {
    const group = this.groups.machine.groups.get(groupId)
    if (group instanceof ClassicGroup && group.state !== 'Stable') return
    this.groups.restart()
    this.#waiting.clear()
    for (const process of this.#processes) if (process instanceof SimulatedClassicConsumer) process.disconnected()
  }

  #check(): void {
    const type = this.groups.machine.groups.get(groupId)?.type
    if (this.#type === 'classic' && type === 'consumer') this.changes.upgrades += 1
    if (this.#type === 'consumer' && type === 'classic') this.changes.downgrades += 1
    this.#type = type
  }

  #settle(): void {
    for (let round = 0; round < 120; round += 1) {
      this.#received(this.groups.advance(1000).map(({ decision }) => decision))
      for (const [slot, process] of this.#processes.entries()) {
        if (process?.isRunning !== true) this.#processes[slot] = this.#newProcess(slot)
        else this.#tick(process, true)
        this.#check()
      }
    }
  }

  /** Every partition is read by one process. */
  #checkSettled(): void {
    const read = this.#processes.flatMap((process) => [...(process?.owned ?? [])])
    const expected = topicNames.flatMap((name) => {
      const { id, partitionCount } = this.groups.topics.byName(name)!
      return Array.from({ length: partitionCount }, (_, partition) => partitionKey(id, partition))
    })
    expect(read.sort()).toEqual(expected.sort())
  }
}

describe('processes that come back with one protocol or the other', () => {
  const seeds = Array.from({ length: 30 }, (_, seed) => seed)

  test.each(seeds)('share the partitions, and no two members read the same one (seed %d)', (seed) => {
    new Simulation(seed).run()
  })

  test('change the kind of their group often', () => {
    const changes = seeds.slice(0, 15).map((seed) => {
      const simulation = new Simulation(seed)
      simulation.run()
      return simulation.changes
    })
    expect(changes.reduce((sum, { upgrades }) => sum + upgrades, 0)).toBeGreaterThan(8)
    expect(changes.reduce((sum, { downgrades }) => sum + downgrades, 0)).toBeGreaterThan(8)
  })
})
