import { expect, test } from '@jest/globals'
import type { CoordinatorRecord, Decision } from '../machine.ts'
import { readRecord, transactionOf } from './records.ts'
import { add, end, init, type TestInput, TestTransactions } from './test-transactions.ts'
import { fencingEpoch, isExhausted, noProducerId, type Transaction } from './transaction.ts'
import type { TransactionMachine } from './transaction-machine.ts'
import type { TransactionEffect, TransactionRequest } from './transaction-request.ts'
import { isIdle, type TransactionState } from './transaction-state.ts'

const ids = ['a', 'b', 'c']
const stepsPerSeed = 1000

/** Whole numbers below `limit`, the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** As `expect`, without what it costs ten thousand times. */
function hold(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

/** Where a transaction may go; `none`: no record, or a tombstone. The aborts of what never began are version 2's. */
const edges: Readonly<Record<TransactionState | 'none', readonly (TransactionState | 'none')[]>> = {
  none: ['Empty'],
  Empty: ['Empty', 'Ongoing', 'PrepareAbort', 'none'],
  Ongoing: ['Ongoing', 'PrepareCommit', 'PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['Empty', 'Ongoing', 'PrepareAbort', 'none'],
  CompleteAbort: ['Empty', 'Ongoing', 'PrepareAbort', 'none'],
}

/** What the log says, record by record, and what it must never say. */
class Model {
  readonly seen = new Set<string>()
  readonly #last = new Map<string, Transaction>()

  observe(record: CoordinatorRecord): void {
    const said = readRecord(record)
    if (said === null) throw new Error('A record of no known kind.')
    const { transactionalId, value } = said
    const before = this.#last.get(transactionalId)
    const after = value === null ? undefined : transactionOf(transactionalId, value, before)
    this.#edge(before?.state ?? 'none', after?.state ?? 'none', after)
    if (after === undefined) {
      this.#last.delete(transactionalId)
      return
    }
    if (before !== undefined) this.#producer(before, after)
    hold(!isIdle(after.state) || after.partitions.size === 0, 'No transaction, yet partitions.')
    this.#last.set(transactionalId, after)
  }

  #edge(from: TransactionState | 'none', to: TransactionState | 'none', after: Transaction | undefined): void {
    this.seen.add(`${from} ${to}`)
    hold(edges[from].includes(to), `From ${from} to ${to}.`)
    const isOfNothing = to === 'PrepareAbort' && from !== 'Ongoing'
    hold(!isOfNothing || after?.clientTransactionVersion === 2, 'An abort of nothing in version 1.')
  }

  /** Epochs only rise; a new producer id comes when they are used up, and only to one who has no transaction open. */
  #producer(before: Transaction, after: Transaction): void {
    const { producerId, producerEpoch, state } = after
    if (before.producerId === producerId) {
      const steps = producerEpoch - before.producerEpoch
      hold(steps === 0 || steps === 1, `From epoch ${before.producerEpoch} to ${producerEpoch}.`)
    } else {
      hold(isExhausted(before.producerEpoch) && producerEpoch === 0, 'A new producer id, yet epochs were left.')
      hold(producerId > before.producerId, 'A producer id was given out again.')
      hold(isIdle(state), 'A new producer id within a transaction.')
    }
    hold(state !== 'Ongoing' || producerEpoch < fencingEpoch, 'A transaction that cannot be fenced.')
    const isOver = before.nextProducerId !== noProducerId && isIdle(state)
    hold(!isOver || producerId === before.nextProducerId, 'The producer was told of another producer id.')
  }
}

/** What a request that does not depend on what no record holds is decided to, whoever decides. */
const dependsOnlyOnRecords = (input: TestInput): boolean =>
  input.kind !== 'request' || input.request.api !== 'InitProducerId' || input.request.request.producerId === -1n

/** All but the tokens of effects. */
const textOf = (decision: Decision<TransactionEffect>): string =>
  JSON.stringify(decision, (key, value) => (key === 'token' ? 0 : typeof value === 'bigint' ? `${value}` : value))

/** A machine that was loaded from the log decides each input as the one that wrote it. */
class Twin {
  readonly #transactions: TestTransactions
  readonly #machine: TransactionMachine
  readonly #effects = new Map<TransactionEffect, TransactionEffect>()

  constructor(transactions: TestTransactions) {
    this.#transactions = transactions
    this.#machine = transactions.replayed()
    for (const effect of transactions.effects) this.#effects.set(effect, effect)
  }

  /** False: from here on the two may differ. */
  follows(input: TestInput, decision: Decision<TransactionEffect>): boolean {
    if (!dependsOnlyOnRecords(input)) return false
    const { transactionVersion, nowMs } = this.#transactions
    const own = input.kind === 'effect' ? { ...input, effect: this.#effects.get(input.effect) ?? input.effect } : input
    const decided = this.#machine.decide(own, { transactionVersion }, nowMs, { uuid: () => '' })
    hold(textOf(decided) === textOf(decision), `Decided ${textOf(decision)}, from the log ${textOf(decided)}.`)
    for (const [index, effect] of decision.effects.entries()) this.#effects.set(effect, decided.effects[index] ?? effect)
    for (const record of decided.records) this.#machine.replay(0n, record)
    return true
  }
}

class Simulation {
  readonly transactions: TestTransactions
  readonly model = new Model()
  /** What producers were told, the last first. */
  readonly #known = new Map<string, { id: bigint; epoch: number }[]>()
  readonly #asked = new Map<number, string>()
  readonly #random: (limit: number) => number
  #twin: Twin | null = null
  #observed = 0
  #answered = 0

  constructor(seed: number) {
    this.#random = randomFrom(seed)
    this.transactions = new TestTransactions({ idExpirationMs: 7_200_000 }, this.#random(3))
    for (const [index, transactionalId] of ids.entries()) {
      const producerId = 100n + BigInt(index)
      const stored = { producerId, previousProducerId: producerId, producerEpoch: 32740 + this.#random(26) }
      this.transactions.store({ transactionalId, ...stored, lastUpdateTimestamp: 1_000_000n })
      this.#known.set(transactionalId, [{ id: producerId, epoch: stored.producerEpoch }])
    }
    this.transactions.watch = (input, decision) => {
      if (this.#twin?.follows(input, decision) === false) this.#twin = null
    }
  }

  step(): void {
    const what = this.#random(100)
    if (what < 70) this.#request()
    else if (what < 90) this.#settle()
    else if (what < 96) this.transactions.advance(1 + this.#random(40_000))
    else if (what < 97) this.transactions.advance(this.#random(5) === 0 ? 7_300_000 : 0)
    else if (what < 98) this.transactions.transactionVersion = this.#random(3)
    else this.#restart()
    this.#check()
  }

  #request(): void {
    const transactionalId = this.#pick(ids)
    const known = this.#known.get(transactionalId) ?? []
    // Mostly the producer that is current; at times one from before.
    const { id, epoch } = known[this.#random(8) === 0 ? this.#random(known.length) : 0] ?? { id: 1n, epoch: 0 }
    const [request, version] = this.#compose(transactionalId, id, epoch)
    this.#asked.set(this.transactions.lastRequestId + 1, transactionalId)
    this.transactions.request(request, version)
  }

  #compose(transactionalId: string, producerId: bigint, producerEpoch: number): [TransactionRequest, number] {
    const isVersion2 = this.#random(2) === 1
    switch (this.#random(8)) {
      case 0:
        return [init({ transactionalId, transactionTimeoutMs: 1 + this.#random(60_000) }), this.#random(6)]
      case 1:
        return [init({ transactionalId, producerId, producerEpoch }), 3 + this.#random(3)]
      case 2:
      case 3:
      case 4: {
        const partitions = [{ topic: 'orders', partition: this.#random(4) }]
        const transactionVersion = isVersion2 ? 2 : 0
        const verifyOnly = this.#random(4) === 0
        const producer = { id: producerId, epoch: producerEpoch }
        return [add({ transactionalId, producer, partitions, transactionVersion, verifyOnly }), isVersion2 ? 5 : this.#random(4)]
      }
      default:
        return [
          end({ transactionalId, producerId, producerEpoch, committed: this.#random(2) === 1 }),
          isVersion2 ? 5 : this.#random(5),
        ]
    }
  }

  #settle(): void {
    const effect = this.#pick([...this.transactions.effects])
    if (effect === undefined) return
    if (effect.kind === 'markers') this.transactions.settle(effect, { kind: 'markers-written' })
    else if (this.#random(4) === 0) this.transactions.settle(effect, { kind: 'refused', error: 'COORDINATOR_LOAD_IN_PROGRESS' })
    else this.transactions.settle(effect, { kind: 'producer-id', producerId: this.transactions.nextProducerId++ })
  }

  #restart(): void {
    const { effects } = this.transactions
    // Either the machine is another from now on, or both go on side by side for a while.
    if (this.#random(2) === 0) {
      this.#twin = null
      this.transactions.restart()
    } else if ([...effects].every(({ kind }) => kind === 'markers')) {
      this.#twin = new Twin(this.transactions)
    }
  }

  #check(): void {
    const { log, answers, machine } = this.transactions
    for (const record of log.slice(this.#observed)) this.model.observe(record)
    this.#observed = log.length
    for (const { id, response } of answers.slice(this.#answered)) this.#answer(this.#asked.get(id) ?? '', response)
    this.#answered = answers.length
    const records = ({ lastProducerEpoch, previousProducerId, ...rest }: Transaction) => rest
    if (this.#random(50) === 0) {
      expect([...this.transactions.replayed().transactions.values()].map(records)).toEqual(
        [...machine.transactions.values()].map(records),
      )
    }
  }

  #answer(transactionalId: string, response: object): void {
    const { errorCode, producerId = -1n, producerEpoch = -1 } = response as Partial<Record<string, never>>
    if (errorCode !== 0 || producerId === -1n) return
    hold(producerEpoch < fencingEpoch, 'Epoch 32767 was given out.')
    const known = this.#known.get(transactionalId) ?? []
    this.#known.set(transactionalId, [{ id: producerId, epoch: producerEpoch }, ...known].slice(0, 4))
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)] as T
  }
}

test('random producers from seeds: states move along their edges, epochs rise, and a machine that was loaded decides the same', () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 12; seed++) {
    const simulation = new Simulation(seed)
    try {
      for (let step = 0; step < stepsPerSeed; step++) simulation.step()
    } catch (error) {
      throw new Error(`Seed ${seed} does not hold.`, { cause: error })
    }
    for (const edge of simulation.model.seen) seen.add(edge)
  }
  // All that may happen did, so that what was checked is not an accident.
  const all = Object.entries(edges).flatMap(([from, tos]) => tos.map((to) => `${from} ${to}`))
  expect([...seen].sort()).toEqual(all.sort())
})
