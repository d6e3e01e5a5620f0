import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import type { Connection } from '../simulation/simulated-network.ts'
import { valueFor } from './sent-records.ts'
import { type BatchToSend, type KnownTopic, repeat, send, type Workload } from './workload.ts'

interface Batch extends BatchToSend {
  readonly names: readonly string[]
}

const paddings = [0, 20, 100, 100, 1000, 3000, 5000]
/** Larger than what is written at once: goes through the thread pool. */
const largePadding = 300_000

/** A producer without idempotence, of acks=all or 1: to one partition, or to all of a topic at once. */
export class PlainWriter {
  readonly #workload: Workload
  readonly #connection: Connection

  constructor(workload: Workload, name: string) {
    this.#workload = workload
    this.#connection = workload.network.connect(name)
  }

  live(topicNames: readonly string[]): Promise<void> {
    const { dice, topics } = this.#workload
    return repeat(this.#workload, [0, 20], async () => {
      const topic = topics.get(dice.pick(topicNames))
      if (topic === undefined) return
      const { partitions } = topic.plan
      const all = Array.from({ length: partitions }, (_, partition) => partition)
      const chosen = dice.chance(0.5) ? all : [dice.roll(partitions)]
      const acks = dice.pick([-1, -1, -1, 1])
      await this.#write(
        acks,
        chosen.map((partition) => this.#batch(topic, partition)),
      )
    })
  }

  async #write(acks: number, batches: readonly Batch[]): Promise<void> {
    const { promises } = this.#workload
    const answers = await send(this.#connection, acks, batches)
    if (acks !== -1) return
    for (const [index, { topicId, partition, names }] of batches.entries()) {
      const { error, baseOffset } = answers[index]!
      if (error !== 'NONE') continue
      promises.add((state) => {
        const { records } = state.partition(topicId, partition)
        for (const [at, name] of names.entries()) records.set(baseOffset + BigInt(at), name)
      })
    }
  }

  #batch({ topicId, plan }: KnownTopic, partition: number): Batch {
    const { dice, time, sent } = this.#workload
    const timestampMs = time.nowMs
    const padding = dice.chance(0.002) ? largePadding : dice.pick(paddings)
    const records = Array.from({ length: dice.between(1, 3) }, () => {
      const key = plan.isCompacted ? `k${dice.roll(5)}` : null
      const name = sent.add({ partition: `${topicId}/${partition}`, key, timestampMs, once: false })
      return { name, key, timestamp: BigInt(timestampMs), value: valueFor(name, padding) }
    })
    return { topicId, partition, bytes: buildRecordBatch(records), names: records.map(({ name }) => name) }
  }
}
