import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import type { Dice } from '../simulation/dice.ts'
import { errorOf } from '../simulation/error-of.ts'
import type { SimulatedBroker } from '../simulation/simulated-broker.ts'
import { type Connection, ConnectionLost, type SimulatedNetwork } from '../simulation/simulated-network.ts'
import type { SimulatedTime } from '../simulation/simulated-time.ts'
import { PartitionPromises, type PromiseLog, type TopicPlan } from './promised-state.ts'
import type { SentRecords } from './sent-records.ts'

/** What the clients of a run share. */
export interface Workload {
  readonly time: SimulatedTime
  readonly dice: Dice
  readonly network: SimulatedNetwork
  readonly promises: PromiseLog
  readonly sent: SentRecords
  /** By name, those that were made and not asked to be deleted. */
  readonly topics: Map<string, KnownTopic>
  readonly broker: () => SimulatedBroker | null
  readonly isEnding: () => boolean
  /** What must not happen, whatever is lost. */
  readonly violation: (what: string) => void
}

export interface KnownTopic {
  readonly topicId: string
  readonly plan: TopicPlan
}

export interface BatchToSend {
  readonly topicId: string
  readonly partition: number
  readonly bytes: Buffer
}

/** Runs it again and again until the end; a connection that is lost is made anew. */
export async function repeat(workload: Workload, pauseMs: readonly [number, number], run: () => Promise<void>): Promise<void> {
  const { time, dice, isEnding } = workload
  while (!isEnding()) {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      await time.sleep(50)
    }
    await time.sleep(dice.between(...pauseMs))
  }
}

/** Makes a topic, and asks again until it is there. */
export async function makeTopic(workload: Workload, connection: Connection, plan: TopicPlan): Promise<void> {
  const { time, promises, topics, broker } = workload
  for (;;) {
    const configs = Object.entries(plan.configs).map(([name, value]) => ({ name, value }))
    const topic = { name: plan.name, numPartitions: plan.partitions, replicationFactor: 1, assignments: [], configs }
    try {
      const response = await connection.ask(createTopics, 7, { topics: [topic], timeoutMs: 30_000 })
      const error = errorOf(response.topics[0]?.errorCode)
      const topicId = broker()?.cluster.image.topicsByName.get(plan.name)?.id
      if ((error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS') && topicId !== undefined) {
        const partitions = Array.from({ length: plan.partitions }, () => null)
        promises.add((state) => {
          const made = partitions.map(() => new PartitionPromises())
          state.topics.set(topicId, { plan, topicId, deletion: 'none', partitions: made })
        })
        topics.set(plan.name, { topicId, plan })
        return
      }
      if (error === 'INVALID_CONFIG') throw new Error(response.topics[0]?.errorMessage ?? error)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
    }
    await time.sleep(20)
  }
}

/** One Produce; gives for each batch its base offset, or why it was refused. */
export async function send(
  connection: Connection,
  acks: number,
  batches: readonly BatchToSend[],
): Promise<readonly { readonly error: string; readonly baseOffset: bigint }[]> {
  const topicIds = [...new Set(batches.map(({ topicId }) => topicId))]
  const topicData = topicIds.map((topicId) => ({
    topicId,
    partitionData: batches
      .filter((batch) => batch.topicId === topicId)
      .map(({ partition, bytes }) => ({ index: partition, records: new OwnedRecords(bytes) })),
  }))
  const response = await connection.ask(produce, 13, { acks, timeoutMs: 30_000, transactionalId: null, topicData })
  return batches.map(({ topicId, partition }) => {
    const of = response.responses.find((each) => each.topicId === topicId)
    const answered = of?.partitionResponses.find(({ index }) => index === partition)
    return { error: errorOf(answered?.errorCode), baseOffset: answered?.baseOffset ?? -1n }
  })
}
