import { deleteRecords } from '../../../protocol/messages/delete-records.ts'
import { deleteTopics } from '../../../protocol/messages/delete-topics.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { recordBatches } from '../../../protocol/records/record-batch.ts'
import { errorOf } from '../simulation/error-of.ts'
import type { SimulatedBroker } from '../simulation/simulated-broker.ts'
import { type Connection, ConnectionLost } from '../simulation/simulated-network.ts'
import type { TopicPlan } from './promised-state.ts'
import { nameIn } from './sent-records.ts'
import { type KnownTopic, makeTopic, repeat, type Workload } from './workload.ts'

/** Makes and deletes topics, deletes records, commits offsets, and looks at what consumers may see. */
export class Operator {
  readonly #workload: Workload
  readonly #connection: Connection

  constructor(workload: Workload) {
    this.#workload = workload
    this.#connection = workload.network.connect('operator')
  }

  async make(plans: readonly TopicPlan[]): Promise<void> {
    for (const plan of plans) await makeTopic(this.#workload, this.#connection, plan)
    // Makes the topics of the coordinators.
    for (const keyType of [0, 1]) await this.#connection.ask(findCoordinator, 4, { keyType, coordinatorKeys: ['any'] })
  }

  /** Makes a topic, deletes it, makes it again. */
  passing(plan: TopicPlan): Promise<void> {
    const { promises, topics } = this.#workload
    return repeat(this.#workload, [100, 900], async () => {
      const topic = topics.get(plan.name)
      if (topic === undefined) {
        await makeTopic(this.#workload, this.#connection, plan)
        return
      }
      topics.delete(plan.name)
      const { topicId } = topic
      promises.add((state) => {
        state.topics.get(topicId)!.deletion = 'asked'
      })
      const response = await this.#connection.ask(deleteTopics, 6, { topics: [{ name: null, topicId }], timeoutMs: 30_000 })
      const error = errorOf(response.responses[0]?.errorCode)
      if (error !== 'NONE' && error !== 'UNKNOWN_TOPIC_ID') return
      promises.add((state) => {
        state.topics.get(topicId)!.deletion = 'done'
      })
    })
  }

  trimming(name: string): Promise<void> {
    const { promises, topics, broker } = this.#workload
    return repeat(this.#workload, [50, 500], async () => {
      const topic = topics.get(name)
      const log = topic && broker()?.cluster.partitionLog(topic.topicId, 0)
      if (topic === undefined || log === undefined) return
      const { highWatermark, logStartOffset } = log
      const offset = highWatermark - (highWatermark - logStartOffset) / 2n
      const { topicId } = topic
      promises.add((state) => {
        const promised = state.partition(topicId, 0)
        if (offset > promised.trimAsked) promised.trimAsked = offset
      })
      const asked = [{ name, partitions: [{ partitionIndex: 0, offset }] }]
      const response = await this.#connection.ask(deleteRecords, 2, { topics: asked, timeoutMs: 30_000 })
      const answer = response.topics[0]?.partitions[0]
      if (answer === undefined || errorOf(answer.errorCode) !== 'NONE') return
      promises.add((state) => {
        state.partition(topicId, 0).trimmed = answer.lowWatermark
      })
    })
  }

  /** Commits a rising offset for one partition, as a consumer that takes part in no group. */
  committing(groupId: string, name: string): Promise<void> {
    const { promises, topics } = this.#workload
    let offset = 0n
    return repeat(this.#workload, [10, 80], async () => {
      const topic = topics.get(name)
      if (topic === undefined) return
      const asked = ++offset
      promises.add((state) => {
        const acknowledged = state.offsets.get(groupId)?.acknowledged ?? -1n
        state.offsets.set(groupId, { acknowledged, asked })
      })
      const partitions = [{ partitionIndex: 0, committedOffset: asked, committedMetadata: '' }]
      const response = await this.#connection.ask(offsetCommit, 8, {
        groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        groupInstanceId: null,
        topics: [{ name, partitions }],
      })
      if (errorOf(response.topics[0]?.partitions[0]?.errorCode) !== 'NONE') return
      promises.add((state) => {
        state.offsets.get(groupId)!.acknowledged = asked
      })
    })
  }

  /** What lies below a high watermark was shown to consumers: it must not be taken back, whatever its acks were. */
  looking(): Promise<void> {
    const seen = new Map<string, bigint>()
    return repeat(this.#workload, [10, 60], async () => {
      for (const topic of [...this.#workload.topics.values()]) {
        for (let partition = 0; partition < topic.plan.partitions; partition += 1) await this.#look(topic, partition, seen)
      }
    })
  }

  async #look({ topicId }: KnownTopic, partition: number, seen: Map<string, bigint>): Promise<void> {
    const { promises, broker, violation, sent } = this.#workload
    const running = broker()
    const log = running?.cluster.partitionLog(topicId, partition)
    if (running === null || log === undefined) return
    const id = `${topicId}/${partition}`
    const { leaderEpoch, logStartOffset } = log
    promises.add((state) => {
      const promised = state.partition(topicId, partition)
      promised.leaderEpoch = Math.max(promised.leaderEpoch, leaderEpoch)
    })
    const last = seen.get(id) ?? 0n
    const from = last > logStartOffset ? last : logStartOffset
    if (from >= log.highWatermark) return
    let pieces: Awaited<ReturnType<typeof log.read>>
    try {
      pieces = await unlessEnded(running, log.read(from, 'read_uncommitted', 1 << 20, true))
    } catch {
      // It was deleted, closed, or cut off at its front meanwhile.
      return
    }
    let next = from
    for (const piece of pieces) {
      for (const batch of recordBatches(Buffer.from(piece.bytes))) {
        next = batch.nextOffset
        if (batch.isControl) continue
        for (const { offset, value } of recordsOf(batch, 1 << 20)) {
          const name = nameIn(value)
          if (sent.get(name)?.partition !== id) violation(`${id} shows ${name} at ${offset}, which was never sent there`)
          promises.add((state) => void state.partition(topicId, partition).records.set(offset, name))
        }
      }
      piece.release()
    }
    seen.set(id, next)
  }
}

/** A process that was killed answers no more: whoever waits for it hears that the connection is lost. */
async function unlessEnded<T>(broker: SimulatedBroker, result: T | Promise<T>): Promise<T> {
  let forget: () => void = () => {}
  const ended = new Promise<never>((_, reject) => {
    forget = broker.onEnd(() => reject(new ConnectionLost()))
  })
  try {
    return await Promise.race([result, ended])
  } finally {
    forget()
  }
}
