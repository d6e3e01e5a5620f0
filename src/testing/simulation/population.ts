import type { Subscription } from '../../coordinators/group/consumer/simulated-consumer.ts'
import { ClassicMember } from './classic-member.ts'
import { CommittedReader } from './committed-reader.ts'
import { ConsumerMember } from './consumer-member.ts'
import { IdempotentProducer } from './idempotent-producer.ts'
import { OffsetWatcher } from './offset-watcher.ts'
import { Operator, type OperatorOptions } from './operator.ts'
import { TransactionalProducer } from './transactional-producer.ts'
import type { World } from './world.ts'

type Life = readonly [name: string, life: Promise<void>]

const subscriptions: readonly Subscription[] = [
  { names: ['orders'], regex: null },
  { names: ['orders', 'growing'], regex: null },
  { names: [], regex: '(orders|passing)' },
  { names: ['growing'], regex: 'o.*' },
]

/** All clients of a simulation; how many and of which kind the dice say. */
export class Population {
  readonly #world: World
  readonly #topics: OperatorOptions
  readonly #groupIds: readonly string[]
  readonly readers: CommittedReader[] = []
  readonly transactionalIds: string[] = []
  memberCount = 0

  constructor(world: World, topics: OperatorOptions, groupIds: readonly string[]) {
    this.#world = world
    this.#topics = topics
    this.#groupIds = groupIds
  }

  /** Each begins to live when it is asked for. */
  *live(): Generator<Life, void, undefined> {
    const world = this.#world
    const isLarge = world.dice.chance(0.15)
    for (const [index, groupId] of this.#groupIds.entries()) yield* this.#classicGroup(groupId, index % 2 === 1, isLarge)
    for (const groupId of ['consumers0', 'consumers1']) yield* this.#consumerGroup(groupId, subscriptions, isLarge)
    yield* this.#consumerGroup('mixed', subscriptions.slice(0, 2), false)
    yield* this.#classicGroup('mixed', world.dice.chance(0.5), false, true)
    yield* this.#producers()
    yield* this.#loops()
    for (const topic of ['facts', 'results']) {
      for (let partition = 0; partition < 4; partition += 1) {
        const reader = new CommittedReader(world, `${topic}/${partition}`)
        this.readers.push(reader)
        yield [`reader of ${reader.partition}`, reader.live()]
      }
    }
    yield ['offset watcher', new OffsetWatcher(world, 240_000).live()]
    yield ['operator', new Operator(world, this.#topics).live()]
  }

  *#classicGroup(groupId: string, isCooperative: boolean, isLarge: boolean, isMixed = false): Generator<Life, void, undefined> {
    const { dice } = this.#world
    const heartbeatMs = isLarge ? 30_000 : 15_000
    const topics = dice.pick(
      isMixed ? [['orders'], ['growing']] : [['orders'], ['orders', 'growing'], ['orders', 'growing', 'passing']],
    )
    const count = isLarge ? dice.between(20, 80) : dice.between(2, 8)
    for (let member = 0; member < count; member += 1) {
      this.memberCount += 1
      const name = isMixed ? `${groupId}-classic${member}` : `${groupId}-${member}`
      const options = {
        name,
        groupId,
        instanceId: dice.chance(0.3) ? `static-${name}` : null,
        isCooperative,
        isMixed,
        topics,
        heartbeatMs,
        sessionTimeoutMs: 3 * heartbeatMs + 5000,
        rebalanceTimeoutMs: isMixed ? 60_000 : dice.pick([10_000, 60_000]),
        restlessness: isLarge ? 3 : 20,
      }
      yield [name, new ClassicMember(this.#world, options).live()]
    }
  }

  *#consumerGroup(groupId: string, subscriptions: readonly Subscription[], isLarge: boolean): Generator<Life, void, undefined> {
    const { dice } = this.#world
    const count = isLarge ? dice.between(10, 40) : dice.between(2, 6)
    for (let member = 0; member < count; member += 1) {
      this.memberCount += 1
      const name = `${groupId}-${member}`
      const instanceId = dice.chance(0.3) ? `static-${name}` : null
      yield [
        name,
        new ConsumerMember(this.#world, { name, groupId, instanceId, subscriptions, restlessness: isLarge ? 3 : 15 }).live(),
      ]
    }
  }

  *#producers(): Generator<Life, void, undefined> {
    const { dice } = this.#world
    for (let index = 0; index < 5; index += 1) {
      const name = `producer${index}`
      const partitions = dice.pick([['facts/0'], ['facts/0', 'facts/1'], ['facts/1', 'facts/2', 'results/0']])
      const pauseMs = dice.pick([8000, 20_000, 60_000])
      yield [name, new IdempotentProducer(this.#world, name, partitions, pauseMs).live()]
    }
  }

  *#loops(): Generator<Life, void, undefined> {
    const { dice } = this.#world
    for (let index = 0; index < 4; index += 1) {
      const transactionalId = `loop${index}`
      this.transactionalIds.push(transactionalId)
      const version = dice.pick([1, 2] as const)
      const partitions = dice.pick([['results/0'], ['results/1', 'results/2'], ['results/3', 'results/0', 'facts/3']])
      for (const twin of dice.chance(0.3) ? ['a', 'b'] : ['a']) {
        const name = `${transactionalId}${twin}`
        const pauseMs = dice.pick([8000, 25_000, 60_000])
        const options = { name, transactionalId, version, partitions, groupId: `readers-of-${transactionalId}`, pauseMs }
        yield [name, new TransactionalProducer(this.#world, options).live()]
      }
    }
  }
}
