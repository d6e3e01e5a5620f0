import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import { errorOf } from '../simulation/error-of.ts'
import type { Connection } from '../simulation/simulated-network.ts'
import { valueFor } from './sent-records.ts'
import { repeat, send, type Workload } from './workload.ts'

interface Batch {
  readonly partition: number
  readonly names: readonly string[]
  readonly nextSequence: number
  /** Anew each time: the broker writes offsets into them. */
  readonly bytes: () => Buffer
}

/** Come back as if nothing had been. */
const passing = new Set(['KAFKA_STORAGE_ERROR', 'NOT_LEADER_OR_FOLLOWER', 'REQUEST_TIMED_OUT', 'UNKNOWN_TOPIC_ID'])

/** An idempotent producer: one batch at a time, sent again until it is acknowledged, through all that befalls the broker. */
export class SequencedWriter {
  readonly #workload: Workload
  readonly #connection: Connection
  readonly #topicName: string
  #producer: { readonly id: bigint; readonly epoch: number } | null = null
  readonly #sequences = new Map<number, number>()
  #waiting: Batch | null = null

  constructor(workload: Workload, topicName: string) {
    this.#workload = workload
    this.#topicName = topicName
    this.#connection = workload.network.connect('sequenced')
  }

  live(): Promise<void> {
    return repeat(this.#workload, [0, 40], async () => {
      if (this.#producer === null) await this.#begin()
      else await this.#send()
    })
  }

  async #begin(): Promise<void> {
    const response = await this.#connection.ask(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
    if (errorOf(response.errorCode) === 'NONE') this.#producer = { id: response.producerId, epoch: response.producerEpoch }
  }

  async #send(): Promise<void> {
    const topic = this.#workload.topics.get(this.#topicName)
    if (topic === undefined) return
    const { promises, violation } = this.#workload
    const { topicId } = topic
    this.#waiting ??= this.#batch(topicId, topic.plan.partitions)
    const { partition, names, nextSequence, bytes } = this.#waiting
    const [answer] = await send(this.#connection, -1, [{ topicId, partition, bytes: bytes() }])
    const { error, baseOffset } = answer!
    if (error === 'NONE') {
      this.#sequences.set(partition, nextSequence)
      this.#waiting = null
      promises.add((state) => {
        const promised = state.partition(topicId, partition)
        for (const [at, name] of names.entries()) promised.records.set(baseOffset + BigInt(at), name)
        promised.lastSequenced = { bytes, baseOffset }
      })
    } else if (!passing.has(error)) {
      violation(`the next batch of an idempotent producer in ${this.#topicName}-${partition} was refused with ${error}`)
      this.#waiting = null
      this.#producer = null
      this.#sequences.clear()
    }
  }

  #batch(topicId: string, partitions: number): Batch {
    const { dice, time, sent } = this.#workload
    const { id: producerId, epoch: producerEpoch } = this.#producer!
    const partition = dice.roll(partitions)
    const baseSequence = this.#sequences.get(partition) ?? 0
    const timestampMs = time.nowMs
    const names = Array.from({ length: dice.between(1, 3) }, () =>
      sent.add({ partition: `${topicId}/${partition}`, key: null, timestampMs, once: true }),
    )
    const padding = dice.pick([0, 100, 700])
    const bytes = (): Buffer =>
      buildRecordBatch(
        names.map((name) => ({ key: null, timestamp: BigInt(timestampMs), value: valueFor(name, padding) })),
        { producerId, producerEpoch, baseSequence },
      )
    return { partition, names, nextSequence: baseSequence + names.length, bytes }
  }
}
