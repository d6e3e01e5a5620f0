import type { ErrorName } from '../../../protocol/errors.ts'
import { addOffsetsToTxn } from '../../../protocol/messages/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../../protocol/messages/add-partitions-to-txn.ts'
import { endTxn } from '../../../protocol/messages/end-txn.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { txnOffsetCommit } from '../../../protocol/messages/txn-offset-commit.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import type { OpenCommit } from './committed-offsets.ts'
import type { GivenEpoch } from './epoch-history.ts'
import { errorOf, passingInTransactions } from './error-of.ts'
import { partitionOf } from './partition-name.ts'
import type { SentRecords } from './produced-records.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import { inputPartition } from './transactional-producer.ts'
import type { World } from './world.ts'

/** Another has taken the transactional id, or the coordinator has aborted for it. */
const fencing: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'PRODUCER_FENCED',
])
const attemptsMax = 60

/** The requests of a transactional producer, each asked again as the usual clients do, for one producer id. */
export class TransactionCalls {
  readonly #world: World
  readonly #connection: Connection
  readonly #name: string
  readonly #transactionalId: string
  readonly #version: 1 | 2
  #producer: GivenEpoch
  readonly #sequences = new Map<string, number>()
  /** What is in the transaction: clients of version 1 add it before they write. */
  readonly #added = new Set<string>()
  isFenced = false

  constructor(
    world: World,
    connection: Connection,
    options: { readonly name: string; readonly transactionalId: string; readonly version: 1 | 2 },
    producer: GivenEpoch,
  ) {
    this.#world = world
    this.#connection = connection
    this.#name = options.name
    this.#transactionalId = options.transactionalId
    this.#version = options.version
    this.#producer = producer
  }

  /** False: the transaction must be aborted. */
  async produce(name: string, values: readonly string[], transaction: string): Promise<boolean> {
    const { records } = this.#world
    if (this.#version === 1 && !(await this.#add(name))) return false
    const sequence = this.#sequences.get(name) ?? 0
    const sent = records.sent(name, values, transaction)
    const { epoch } = this.#producer
    const ask = this.#asking(sent, sequence)
    const error = await this.#until(() => ask(this.#connection))
    this.#say(`${name} ${sequence} in epoch ${epoch}: ${error}`)
    if (error !== 'NONE' && error !== 'DUPLICATE_SEQUENCE_NUMBER') return this.#failed(error)
    this.#sequences.set(name, sequence + values.length)
    return true
  }

  /**
   * Written as well, but not waited for: it is on its way yet when the transaction is aborted, and comes when that is over, or
   * when the next one has begun. It must not open a transaction that nobody ends (KIP-890).
   */
  async produceLate(name: string, values: readonly string[], transaction: string): Promise<void> {
    const { records, time, dice, network } = this.#world
    if (this.#version === 1 && !(await this.#add(name))) return
    const sequence = this.#sequences.get(name) ?? 0
    const sent = records.sent(name, values, transaction)
    const ask = this.#asking(sent, sequence)
    time.after(dice.roll(dice.chance(0.5) ? 100 : 5000), () => {
      const connection = network.connect(this.#name)
      ask(connection).then(
        (error) => {
          this.#say(`late, ${name} ${sequence}: ${error}`)
          connection.close()
        },
        () => connection.close(),
      )
    })
  }

  /** A batch as it stands now, whatever becomes of the producer until it is sent. */
  #asking(sent: SentRecords, baseSequence: number): (connection: Connection) => Promise<ErrorName> {
    const { records, time } = this.#world
    const { id, epoch } = this.#producer
    const [topic, partition] = partitionOf(sent.partition)
    const timestamp = BigInt(time.nowMs)
    return async (connection) => {
      const bytes = buildRecordBatch(
        sent.values.map((value) => ({ timestamp, key: null, value })),
        { producerId: id, producerEpoch: epoch, baseSequence, isTransactional: true },
      )
      const topicData = [{ name: topic, partitionData: [{ index: partition, records: new OwnedRecords(bytes) }] }]
      const request = { transactionalId: this.#transactionalId, acks: -1, timeoutMs: 30_000, topicData }
      const response = await connection.ask(produce, this.#version === 1 ? 11 : 12, request, { mayDouble: true })
      const answered = response.responses[0]?.partitionResponses[0]
      const answer = errorOf(answered?.errorCode)
      if (answer !== 'NONE') this.#say(`${answer}: ${answered?.errorMessage}`)
      if (answer === 'NONE') records.acknowledged(sent, answered?.baseOffset ?? -1n)
      if (answer === 'DUPLICATE_SEQUENCE_NUMBER') records.acknowledged(sent, -1n)
      return answer
    }
  }

  async #add(name: string): Promise<boolean> {
    if (this.#added.has(name)) return true
    const [topic, partition] = partitionOf(name)
    const error = await this.#until(async () => {
      const response = await this.#connection.ask(addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: this.#transactionalId,
        v3AndBelowProducerId: this.#producer.id,
        v3AndBelowProducerEpoch: this.#producer.epoch,
        v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
      })
      return errorOf(response.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode)
    })
    if (error !== 'NONE') return this.#failed(error)
    this.#added.add(name)
    return true
  }

  async commitOffsets(groupId: string, offset: bigint, commit: OpenCommit): Promise<boolean> {
    const of = {
      transactionalId: this.#transactionalId,
      producerId: this.#producer.id,
      producerEpoch: this.#producer.epoch,
      groupId,
    }
    if (this.#version === 1) {
      const error = await this.#until(async () => errorOf((await this.#connection.ask(addOffsetsToTxn, 4, of)).errorCode))
      if (error !== 'NONE') return this.#failed(error)
      this.#added.add(groupId)
    }
    const [topic, partition] = partitionOf(inputPartition)
    const partitions = [{ partitionIndex: partition, committedOffset: offset, committedMetadata: commit.id }]
    const error = await this.#until(async () => {
      const request = { ...of, memberId: '', groupInstanceId: null, topics: [{ name: topic, partitions }] }
      const mayDouble = this.#version === 2
      const response = await this.#connection.ask(txnOffsetCommit, this.#version === 1 ? 4 : 5, request, { mayDouble })
      return errorOf(response.topics[0]?.partitions[0]?.errorCode)
    })
    if (error !== 'NONE') this.#say(`offsets: ${error}`)
    return error === 'NONE' || this.#failed(error)
  }

  /** fenced: nobody knows what became of it, and this producer is done. */
  async end(committed: boolean): Promise<'done' | 'fenced'> {
    if (this.#version === 1 && this.#added.size === 0) return 'done'
    const before = this.#producer
    const error = await this.#until(async () => {
      const response = await this.#connection.ask(
        endTxn,
        this.#version === 1 ? 4 : 5,
        { transactionalId: this.#transactionalId, producerId: this.#producer.id, producerEpoch: this.#producer.epoch, committed },
        // A late copy would end the transaction that comes next, which only version 2 prevents.
        { mayDouble: this.#version === 2 },
      )
      const answer = errorOf(response.errorCode)
      if (answer === 'NONE' && this.#version === 2) this.#goOn({ id: response.producerId, epoch: response.producerEpoch }, before)
      return answer
    })
    if (error === 'NONE') {
      this.#added.clear()
      return 'done'
    }
    this.#say(`ends: ${error}`)
    this.#failed(error)
    return 'fenced'
  }

  /** Version 2: every transaction has an epoch of its own, in which sequences begin anew. */
  #goOn(producer: GivenEpoch, before: GivenEpoch): void {
    this.#producer = producer
    this.#world.epochs.given(this.#transactionalId, producer, before)
    this.#sequences.clear()
  }

  #failed(error: ErrorName): false {
    if (fencing.has(error)) this.isFenced = true
    else if (error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && this.#version === 2) {
      // In version 1 a late copy of an older batch may have begun a verification, which holds up all that follow it (as in Kafka).
      const what = `${this.#name}: refused with ${error}, though all before it was acknowledged`
      this.#world.violations.report('records-exactly-once', what)
    }
    return false
  }

  async #until(ask: () => Promise<ErrorName>): Promise<ErrorName> {
    const { time, dice } = this.#world
    for (let attempt = 1; ; attempt += 1) {
      const error = await answerOf(ask)
      if (!passingInTransactions.has(error) || attempt === attemptsMax) return error
      await time.sleep(dice.between(20, 1000))
    }
  }

  #say(what: string): void {
    this.#world.trace.say(`${this.#name} ${what}`)
  }
}

async function answerOf(ask: () => Promise<ErrorName>): Promise<ErrorName> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ConnectionLost) return 'REQUEST_TIMED_OUT'
    throw error
  }
}
