import type { ErrorName } from '../../../protocol/errors.ts'
import { consumerGroupHeartbeat } from '../../../protocol/messages/consumer-group-heartbeat.ts'
import { SimulatedConsumer, type Subscription } from '../../coordinators/group/consumer/simulated-consumer.ts'
import { errorOf } from './error-of.ts'
import { GroupOffsets } from './group-offsets.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import type { World } from './world.ts'

export interface ConsumerMemberOptions {
  readonly name: string
  readonly groupId: string
  readonly instanceId: string | null
  readonly subscriptions: readonly Subscription[]
  /** How often in a thousand heartbeats it dies, leaves, stalls or changes its mind. */
  readonly restlessness: number
}

const heartbeatMs = 14_000

/** Asked again as it was. */
const passing: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
])

/** A consumer of KIP-848 over the network of the simulation: reads what it is given, commits, and says what it has given up. */
export class ConsumerMember {
  readonly #world: World
  readonly #options: ConsumerMemberOptions
  readonly #connection: Connection
  readonly #offsets: GroupOffsets
  readonly #consumer: SimulatedConsumer
  #life = 0

  constructor(world: World, options: ConsumerMemberOptions) {
    this.#world = world
    this.#options = options
    const { groupId, instanceId, subscriptions, name } = options
    this.#connection = world.network.connect(name)
    this.#offsets = new GroupOffsets(world, groupId, this.#connection)
    this.#consumer = new SimulatedConsumer(groupId, '', instanceId, world.dice.pick(subscriptions))
  }

  async live(): Promise<void> {
    const { time, dice, isEnding } = this.#world
    while (!isEnding()) {
      if (!this.#consumer.isRunning) this.#join()
      const isAnswered = await this.#heartbeat()
      await time.sleep(isAnswered ? this.#pauseMs() : dice.between(50, 400))
      if (isAnswered) await this.#isRestless()
    }
    this.#connection.close()
  }

  /** Who has something to say does not wait. */
  #pauseMs(): number {
    return this.#consumer.assignment === null ? heartbeatMs : 100
  }

  #join(): void {
    this.#life += 1
    this.#consumer.join(`${this.#options.name}.${this.#life}`)
  }

  get #who(): string {
    return this.#options.instanceId ?? this.#consumer.memberId
  }

  async #heartbeat(): Promise<boolean> {
    const consumer = this.#consumer
    const { time, violations } = this.#world
    const request = consumer.heartbeat()
    const sentMs = time.nowMs
    const epoch = consumer.epoch
    try {
      // A copy must not come later: what the member is to do is told once, and nobody would hear the answer to the copy.
      const response = await this.#connection.ask(consumerGroupHeartbeat, 1, request)
      const error = errorOf(response.errorCode)
      const [told, owned] = [response.assignment?.topicPartitions, request.topicPartitions]
      if (error !== 'NONE' || told !== undefined || owned !== null) {
        this.#say(`beats ${epoch} with ${named(owned)}: ${error} ${response.memberEpoch} ${named(told)}`)
      }
      if (passing.has(error)) {
        consumer.timedOut()
        return false
      }
      if (error === 'NONE' && response.memberEpoch < epoch) {
        const what = `${this.#options.groupId}: ${consumer.memberId} fell from member epoch ${epoch} to ${response.memberEpoch}`
        violations.report('epochs-rise', what)
      }
      this.#dropAllIf(error !== 'NONE' && error !== 'UNRELEASED_INSTANCE_ID')
      consumer.answered(response)
      if (error === 'NONE') this.#own(sentMs)
      if (error !== 'NONE') return false
      await this.#read()
      return true
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      consumer.timedOut()
      return false
    }
  }

  /** Takes what it was given, once it has given up what it was not. */
  #own(sentMs: number): void {
    const { groupId } = this.#options
    const { consumerOwners } = this.#world
    const before = new Set(this.#consumer.owned)
    const taken = this.#consumer.takeOver()
    for (const key of before) if (!this.#consumer.owned.has(key)) consumerOwners.givenUp(groupId, this.#who, this.#nameOf(key))
    consumerOwners.kept(
      groupId,
      this.#who,
      [...this.#consumer.owned].map((key) => this.#nameOf(key)),
      sentMs,
    )
    for (const key of taken) consumerOwners.taken(groupId, this.#who, this.#nameOf(key), sentMs)
    if (taken.length > 0) this.#say(`has ${this.#consumer.owned.size} partitions in ${this.#consumer.epoch}`)
  }

  #dropAllIf(isLost: boolean): void {
    if (!isLost) return
    for (const key of this.#consumer.owned)
      this.#world.consumerOwners.givenUp(this.#options.groupId, this.#who, this.#nameOf(key))
    this.#offsets.keep([])
  }

  /** As classic members name it; of a topic that is made again under its name each life is another one. */
  #nameOf(key: string): string {
    const [topicId = '', partition] = key.split(':')
    const name = this.#world.topicNames().get(topicId)
    return name === undefined || name === 'passing' ? key : `${name}/${partition}`
  }

  async #read(): Promise<void> {
    const { instanceId } = this.#options
    const { memberId, epoch, owned } = this.#consumer
    const names = this.#world.topicNames()
    const partitions = [...owned].flatMap((key) => {
      const [topicId = '', partition] = key.split(':')
      const name = names.get(topicId)
      return name === undefined ? [] : [`${name}/${partition}`]
    })
    this.#offsets.keep(partitions)
    await this.#offsets.read({ memberId, generation: epoch, instanceId, isClassic: false })
  }

  async #isRestless(): Promise<void> {
    const { dice, time } = this.#world
    const { restlessness, subscriptions, instanceId } = this.#options
    if (!dice.chance(restlessness / 1000)) return
    const kind = dice.roll(4)
    if (kind === 0) {
      this.#say('dies')
      this.#connection.close()
      this.#dropAllIf(true)
      await time.sleep(dice.between(100, 90_000))
      this.#join()
    } else if (kind === 1) {
      this.#say('stalls')
      await time.sleep(dice.between(1000, 90_000))
    } else if (kind === 2) {
      this.#say('subscribes anew')
      this.#consumer.subscribe(dice.pick(subscriptions))
    } else {
      this.#say('leaves')
      this.#dropAllIf(true)
      const request = this.#consumer.leaving(instanceId !== null && dice.chance(0.5) ? -2 : -1)
      try {
        await this.#connection.ask(consumerGroupHeartbeat, 1, request)
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await time.sleep(dice.between(100, 60_000))
    }
  }

  #say(what: string): void {
    this.#world.trace.say(`${this.#options.name} ${what}`)
  }
}

const named = (
  topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[] | null | undefined,
): string =>
  topics == null
    ? 'nothing'
    : `[${topics.map(({ topicId, partitions }) => `${topicId.slice(0, 4)} ${partitions.join()}`).join(' ')}]`
