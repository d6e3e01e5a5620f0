import type { ErrorName } from '../../../protocol/errors.ts'
import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import { errorOf } from './error-of.ts'
import { partitionOf } from './partition-name.ts'
import type { SentRecords } from './produced-records.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import type { World } from './world.ts'

const inFlightMax = 5

interface Batch {
  readonly sent: SentRecords
  readonly baseSequence: number
}

interface Line {
  nextSequence: number
  /** Oldest first; not acknowledged. */
  readonly waiting: Batch[]
}

/**
 * A producer with idempotence, as Java's: up to five batches of a partition in flight, in order, and each sent again until it
 * is acknowledged. Now and then it starts anew, under another producer id, and leaves behind what was in flight.
 */
export class IdempotentProducer {
  readonly #world: World
  readonly #name: string
  readonly #partitions: readonly string[]
  readonly #pauseMs: number
  readonly #connection: Connection
  readonly #lines = new Map<string, Line>()
  #producer: { readonly id: bigint; readonly epoch: number } | null = null
  #life = 0
  #count = 0

  constructor(world: World, name: string, partitions: readonly string[], pauseMs: number) {
    this.#world = world
    this.#name = name
    this.#partitions = partitions
    this.#pauseMs = pauseMs
    this.#connection = world.network.connect(name)
  }

  async live(): Promise<void> {
    const { time, dice, isEnding } = this.#world
    while (!isEnding() || this.#hasWaiting) {
      try {
        if (this.#producer === null) await this.#begin()
        else {
          if (!isEnding()) this.#make()
          await this.#send()
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await time.sleep(this.#hasWaiting ? dice.between(50, 300) : this.#pauseMs)
      if (dice.chance(0.003)) this.#startAnew()
    }
    this.#connection.close()
  }

  get #hasWaiting(): boolean {
    return [...this.#lines.values()].some(({ waiting }) => waiting.length > 0)
  }

  async #begin(): Promise<void> {
    const response = await this.#connection.ask(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
    const error = errorOf(response.errorCode)
    this.#say(`begins: ${error} ${response.producerId}`)
    if (error !== 'NONE') return
    this.#producer = { id: response.producerId, epoch: response.producerEpoch }
    this.#life += 1
  }

  #startAnew(): void {
    this.#say('starts anew')
    this.#connection.close()
    this.#producer = null
    this.#lines.clear()
  }

  #make(): void {
    const { dice, records } = this.#world
    for (const partition of this.#partitions) {
      if (!dice.chance(0.6)) continue
      const line = this.#lines.get(partition) ?? { nextSequence: 0, waiting: [] }
      this.#lines.set(partition, line)
      for (let count = dice.between(1, 3); count > 0 && line.waiting.length < inFlightMax; count -= 1) {
        const values = Array.from({ length: dice.between(1, 3) }, () => `${this.#name}.${this.#life}:${this.#count++}`)
        line.waiting.push({ sent: records.sent(partition, values, null), baseSequence: line.nextSequence })
        line.nextSequence += values.length
      }
    }
  }

  /** Everything that waits, each batch a request; then takes off what is acknowledged. */
  async #send(): Promise<void> {
    const lines = [...this.#lines.values()]
    const outcomes = await Promise.all(lines.map((line) => Promise.all(line.waiting.map((batch) => this.#produce(batch)))))
    for (const [index, line] of lines.entries()) {
      const ofLine = outcomes[index] ?? []
      while (line.waiting.length > 0 && isThere(ofLine[0])) {
        line.waiting.shift()
        ofLine.shift()
      }
      const [first] = ofLine
      if (first === undefined || first === null || isPassing(first)) continue
      // The log knew nothing of this producer and took the second batch for its beginning (as Kafka's does): clients start anew.
      if (line.waiting[0]?.baseSequence === 0 && first === 'OUT_OF_ORDER_SEQUENCE_NUMBER') this.#startAnew()
      else this.#refused(line, first)
    }
  }

  /** The error of the answer; null: nobody knows. */
  async #produce({ sent, baseSequence }: Batch): Promise<ErrorName | null> {
    const { records, time } = this.#world
    const [topic, partition] = partitionOf(sent.partition)
    const timestamp = BigInt(time.nowMs)
    const bytes = buildRecordBatch(
      sent.values.map((value) => ({ timestamp, key: null, value })),
      { producerId: this.#producer?.id ?? -1n, producerEpoch: this.#producer?.epoch ?? -1, baseSequence },
    )
    const topicData = [{ name: topic, partitionData: [{ index: partition, records: new OwnedRecords(bytes) }] }]
    try {
      const request = { acks: -1, timeoutMs: 30_000, topicData, transactionalId: null }
      const response = await this.#connection.ask(produce, 9, request, { mayDouble: true })
      const answered = response.responses[0]?.partitionResponses[0]
      const error = errorOf(answered?.errorCode)
      this.#say(`${sent.partition} ${baseSequence}: ${error} ${answered?.baseOffset}`)
      if (error === 'NONE') records.acknowledged(sent, answered?.baseOffset ?? -1n)
      if (error === 'DUPLICATE_SEQUENCE_NUMBER') records.acknowledged(sent, -1n)
      return error
    } catch (error) {
      if (error instanceof ConnectionLost) return null
      throw error
    }
  }

  /** The oldest batch of a partition: all before it are acknowledged, so that its sequence is the one that is due. */
  #refused(line: Line, error: ErrorName): void {
    const batch = line.waiting[0]
    this.#world.violations.report(
      'records-exactly-once',
      `${this.#name}: ${batch?.sent.partition} ${batch?.baseSequence} was refused with ${error}, though all before it were acknowledged`,
    )
    this.#startAnew()
  }

  #say(what: string): void {
    this.#world.trace.say(`${this.#name} ${what}`)
  }
}

const isThere = (error: ErrorName | null | undefined): boolean => error === 'NONE' || error === 'DUPLICATE_SEQUENCE_NUMBER'

const passing: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'NONE',
  'KAFKA_STORAGE_ERROR',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_TOPIC_OR_PARTITION',
])
const isPassing = (error: ErrorName): boolean => passing.has(error)
