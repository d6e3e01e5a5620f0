import { createPartitions } from '../../../protocol/messages/create-partitions.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { deleteTopics } from '../../../protocol/messages/delete-topics.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { recordOfPartitionChange } from '../../cluster/metadata-record-builders.ts'
import { errorOf } from './error-of.ts'
import { type Connection, ConnectionLost, lastEffectMs } from './simulated-network.ts'
import type { World } from './world.ts'

export interface OperatorOptions {
  /** A topic that goes and comes back. */
  readonly passingTopic: string
  /** A topic that grows, up to so many partitions. */
  readonly growingTopic: string
  readonly partitionsMax: number
}

/** Makes, grows and deletes topics, and moves leaderships. */
export class Operator {
  readonly #world: World
  readonly #options: OperatorOptions
  readonly #connection: Connection

  constructor(world: World, options: OperatorOptions) {
    this.#world = world
    this.#options = options
    this.#connection = world.network.connect('operator')
  }

  async live(): Promise<void> {
    const { time, dice, isEnding } = this.#world
    while (!isEnding()) {
      await time.sleep(dice.between(20_000, 400_000))
      try {
        await this.#act()
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
    }
    this.#connection.close()
  }

  /** Until it exists. */
  async create(name: string, partitions: number): Promise<void> {
    for (;;) {
      try {
        const topic = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
        const response = await this.#connection.ask(createTopics, 7, { topics: [topic], timeoutMs: 30_000 })
        const error = errorOf(response.topics[0]?.errorCode)
        this.#say(`creates ${name}: ${error}`)
        if (error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS') return
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await this.#world.time.sleep(1000)
    }
  }

  async #act(): Promise<void> {
    const { dice, partitionCounts } = this.#world
    const { passingTopic, growingTopic, partitionsMax } = this.#options
    const kind = dice.roll(10)
    if (kind < 4) {
      if (!partitionCounts().has(passingTopic)) return this.create(passingTopic, 3)
      await this.#delete(passingTopic)
    } else if (kind < 6) {
      const count = (partitionCounts().get(growingTopic) ?? 0) + 1
      if (count > partitionsMax) return
      const topics = [{ name: growingTopic, count, assignments: null }]
      const response = await this.#connection.ask(createPartitions, 3, { topics, timeoutMs: 30_000, validateOnly: false })
      this.#say(`grows ${growingTopic} to ${count}: ${errorOf(response.results[0]?.errorCode)}`)
    } else await this.#moveLeader()
  }

  /** The offsets committed for it go with it, at some moment until the answer. */
  async #delete(name: string): Promise<void> {
    const { offsets, time } = this.#world
    const gone = (): void => offsets.topicDeleted(name)
    gone()
    try {
      const topics = [{ name, topicId: ZERO_UUID }]
      const response = await this.#connection.ask(deleteTopics, 6, { topics, timeoutMs: 30_000 })
      this.#say(`deletes ${name}: ${errorOf(response.responses[0]?.errorCode)}`)
      gone()
    } finally {
      time.after(lastEffectMs, gone)
    }
  }

  /** Named anew, a leader has a higher epoch: a coordinator on that partition is loaded again. */
  async #moveLeader(): Promise<void> {
    const { dice, cluster } = this.#world
    const image = cluster()?.image
    const topics = [...(image?.topicsById.values() ?? [])]
    if (topics.length === 0) return
    const internal = topics.filter(({ name }) => name.startsWith('__'))
    const topic = dice.pick(dice.chance(0.7) && internal.length > 0 ? internal : topics)
    const { partition, leader } = dice.pick(topic.partitions)
    this.#say(`raises the leader epoch of ${topic.name}-${partition}`)
    try {
      await cluster()?.change(() => ({ records: [recordOfPartitionChange(topic.id, partition, { leader })], result: null }))
    } catch {
      // The metadata log may have failed as well.
    }
  }

  #say(what: string): void {
    this.#world.trace.say(`operator ${what}`)
  }
}
