import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { errorOf } from './error-of.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import { TransactionCalls } from './transaction-calls.ts'
import type { World } from './world.ts'

export interface TransactionalProducerOptions {
  readonly name: string
  readonly transactionalId: string
  /** Of the client (KIP-890): 2 leaves it to Produce and TxnOffsetCommit to add to the transaction. */
  readonly version: 1 | 2
  readonly partitions: readonly string[]
  /** It reads a partition as this group, and commits its offsets with what it writes. */
  readonly groupId: string
  readonly pauseMs: number
}

const timeoutMs = 30_000
/** What it reads: nothing but its offsets count. */
export const inputPartition = 'orders/0'

/**
 * A loop that reads, processes and writes in transactions: it writes the offsets of what it has read, so that these must stand
 * in its output once each, in order. It may have a twin with the same transactional id: one fences the other.
 */
export class TransactionalProducer {
  readonly #world: World
  readonly #options: TransactionalProducerOptions
  readonly #connection: Connection
  #calls: TransactionCalls | null = null
  /** null: not looked up since it began, or since a transaction failed. */
  #position: bigint | null = null
  #count = 0

  constructor(world: World, options: TransactionalProducerOptions) {
    this.#world = world
    this.#options = options
    this.#connection = world.network.connect(options.name)
  }

  async live(): Promise<void> {
    const { time, dice, isEnding } = this.#world
    while (!isEnding()) {
      try {
        if (this.#calls === null) await this.#begin()
        else if (this.#position === null) await this.#lookUp()
        else await this.#transact(this.#calls, this.#position)
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await time.sleep(this.#calls === null || this.#position === null ? dice.between(100, 1000) : this.#options.pauseMs)
    }
    this.#connection.close()
  }

  async #begin(): Promise<void> {
    const { transactionalId, version } = this.#options
    const asked = { transactionalId, transactionTimeoutMs: timeoutMs }
    const before = this.#world.epochs.newest(transactionalId)
    const response = await this.#connection.ask(initProducerId, version === 1 ? 4 : 5, asked)
    const error = errorOf(response.errorCode)
    this.#say(`begins: ${error} ${response.producerId} ${response.producerEpoch}`)
    if (error !== 'NONE') return
    const producer = { id: response.producerId, epoch: response.producerEpoch }
    this.#world.epochs.given(transactionalId, producer, before)
    this.#calls = new TransactionCalls(this.#world, this.#connection, this.#options, producer)
    this.#position = null
  }

  async #lookUp(): Promise<void> {
    const { groupId } = this.#options
    const look = this.#world.offsets.look(`${groupId}/${inputPartition}`)
    const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: [{ name: 'orders', partitionIndexes: [0] }] }]
    const response = await this.#connection.ask(offsetFetch, 8, { groups, requireStable: true })
    const group = response.groups[0]
    const at = group?.topics[0]?.partitions[0]
    const error = errorOf(group?.errorCode === 0 ? at?.errorCode : group?.errorCode)
    this.#say(`looks up: ${error} ${at?.committedOffset}`)
    if (error !== 'NONE' || at === undefined) return
    look.found(at.committedOffset, at.metadata ?? '')
    this.#position = at.committedOffset < 0n ? 0n : at.committedOffset
  }

  async #transact(calls: TransactionCalls, position: bigint): Promise<void> {
    const { dice, transactions, offsets } = this.#world
    const { name, groupId } = this.#options
    const transaction = `${name}.${this.#count++}`
    transactions.begin(transaction)
    const next = position + BigInt(dice.between(1, 8))
    const commit = offsets.begin(`${groupId}/${inputPartition}`, next)
    this.#position = null
    const written = (await this.#write(calls, transaction, position, next)) && (await calls.commitOffsets(groupId, next, commit))
    const wanted = written && dice.chance(0.8)
    if (wanted) transactions.committing(transaction)
    const ended = calls.isFenced ? 'fenced' : await calls.end(wanted)
    this.#say(`${transaction} ${position}-${next}: ${wanted ? 'commit' : 'abort'} ${ended}`)
    if (ended === 'done' && wanted) {
      transactions.committed(transaction)
      commit.acknowledged()
      this.#position = next
      // Its markers may still be under way.
      if (dice.chance(0.2)) await this.#lookUp()
    } else if (wanted) commit.lost()
    else {
      transactions.aborted(transaction)
      commit.refused()
    }
    // Of what was given up it does not know which sequences are there: only a new epoch goes on after that (KIP-360).
    if (ended !== 'done' || (!written && this.#options.version === 1)) this.#calls = null
  }

  /** One record for each offset, a batch at a time. False: the transaction must be aborted. */
  async #write(calls: TransactionCalls, transaction: string, from: bigint, to: bigint): Promise<boolean> {
    const { dice, time } = this.#world
    const { partitions } = this.#options
    const values = Array.from({ length: Number(to - from) }, (_, index) => `${transaction}:${from + BigInt(index)}`)
    while (values.length > 0) {
      const batch = values.splice(0, dice.between(1, 4))
      // All offsets of one loop go to one partition, or nothing could be said about their order.
      if (!(await calls.produce(partitions[0]!, batch, transaction))) return false
      const copies = batch.map((value) => `copy of ${value}`)
      const other = dice.pick(partitions)
      if (other !== partitions[0] && !(await calls.produce(other, copies, transaction))) return false
      if (dice.chance(0.01)) await time.sleep(dice.between(1000, 3 * timeoutMs))
      if (dice.chance(0.03)) {
        const late = [`late in ${transaction}:${from}`]
        await calls.produceLate(dice.pick(partitions), late, transaction)
        return false
      }
    }
    return true
  }

  #say(what: string): void {
    this.#world.trace.say(`${this.#options.name} ${what}`)
  }
}
