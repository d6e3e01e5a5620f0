import type { CoordinatorRecord, Decision, Input } from '../machine.ts'
import { TestTimers } from '../test-timers.ts'
import { transactionRecord } from './records.ts'
import { newTransaction, type Transaction } from './transaction.ts'
import { TransactionMachine } from './transaction-machine.ts'
import type {
  AddPartitions,
  EndTxnRequest,
  InitProducerIdRequest,
  TransactionEffect,
  TransactionPartition,
  TransactionRequest,
  TransactionResult,
} from './transaction-request.ts'
import type { TransactionSettings } from './transaction-settings.ts'

export const testSettings: TransactionSettings = {
  maxTimeoutMs: 900_000,
  abortTimedOutIntervalMs: 10_000,
  idExpirationMs: 7 * 24 * 3_600_000,
  removeExpiredIntervalMs: 3_600_000,
  batchBytesMax: 1_000_000,
}

type TestDecision = Decision<TransactionEffect>
export type TestInput = Input<TransactionRequest, TransactionEffect, TransactionResult>

/** What a step led to, in the order in which it came out. */
export interface Outcome {
  /** The timer that fired, for the steps of an advance. */
  readonly timer: string | null
  readonly decision: TestDecision
}

/**
 * A machine with what a runtime would give it: a log that takes every record, timers on a clock of its own, and effects
 * that stay open until the test says what became of them.
 */
export class TestTransactions {
  readonly log: CoordinatorRecord[] = []
  readonly settings: TransactionSettings
  /** Requests without an answer, by id. */
  readonly open = new Map<number, TransactionRequest>()
  readonly effects = new Set<TransactionEffect>()
  /** Every answer, in the order in which they came. */
  readonly answers: { readonly id: number; readonly response: object }[] = []
  machine: TransactionMachine
  /** Told of each decision before its records are replayed. */
  watch: (input: TestInput, decision: TestDecision) => void = () => {}
  transactionVersion: number
  nextProducerId = 1000n
  #requestId = 0
  readonly #timers = new TestTimers()

  constructor(settings: Partial<TransactionSettings> = {}, transactionVersion = 2) {
    this.settings = { ...testSettings, ...settings }
    this.transactionVersion = transactionVersion
    this.machine = new TransactionMachine(this.settings)
    this.#step({ kind: 'loaded' })
  }

  get nowMs(): number {
    return this.#timers.nowMs
  }

  get lastRequestId(): number {
    return this.#requestId
  }

  request(request: TransactionRequest, version: number): TestDecision {
    const id = ++this.#requestId
    this.open.set(id, request)
    const caller = { version, clientId: 'client', clientHost: '127.0.0.1', principal: 'User:ANONYMOUS', connection: id }
    return this.#step({ kind: 'request', id, request, caller })
  }

  /** `Response` is spelled out by the caller, who knows what was asked last. */
  lastAnswer<Response extends object>(): Response {
    const last = this.answers.at(-1)
    if (last === undefined) throw new Error('Nothing was answered.')
    return last.response as Response
  }

  /** What stands in the log as a record says it, however it came to be so. */
  store(transaction: Partial<Transaction>): void {
    this.#append(transactionRecord({ ...newTransaction('t', 1000n), timeoutMs: 60_000, ...transaction }, 1))
  }

  /** The open effect of the kind for the id, with what became of it. */
  settle(effect: TransactionEffect, result: TransactionResult): TestDecision {
    this.effects.delete(effect)
    return this.#step({ kind: 'effect', effect, result })
  }

  drawn(transactionalId: string): TestDecision {
    const producerId = this.nextProducerId++
    return this.settle(this.effect('producer-id', transactionalId), { kind: 'producer-id', producerId })
  }

  markersWritten(transactionalId: string): TestDecision {
    return this.settle(this.effect('markers', transactionalId), { kind: 'markers-written' })
  }

  effect(kind: TransactionEffect['kind'], transactionalId: string): TransactionEffect {
    const found = [...this.effects].find((effect) => effect.kind === kind && effect.transactionalId === transactionalId)
    if (found === undefined) throw new Error(`Nobody asked for ${kind} of ${transactionalId}.`)
    return found
  }

  /** Time passes; timers fire in the order in which they fall due. */
  advance(milliseconds: number): readonly Outcome[] {
    return this.#timers.advance(milliseconds, (timer) => ({ timer, decision: this.#step({ kind: 'timer', key: timer }) }))
  }

  /** All that no record carries is gone; clients see their connections end. */
  restart(): TestDecision {
    this.open.clear()
    this.effects.clear()
    this.#timers.clear()
    this.machine = this.replayed()
    return this.#step({ kind: 'loaded' })
  }

  /** Another machine, from the log alone. */
  replayed(): TransactionMachine {
    const machine = new TransactionMachine(this.settings)
    for (const [offset, record] of this.log.entries()) machine.replay(BigInt(offset), record)
    return machine
  }

  #append(record: CoordinatorRecord): void {
    this.machine.replay(BigInt(this.log.length), record)
    this.log.push(record)
  }

  #step(input: TestInput): TestDecision {
    const { transactionVersion } = this
    const decision = this.machine.decide(input, { transactionVersion }, this.nowMs, { uuid: () => '' })
    this.watch(input, decision)
    for (const record of decision.records) this.#append(record)
    for (const reply of decision.replies) {
      if (!this.open.delete(reply.id)) throw new Error(`Request ${reply.id} is not open and was answered.`)
      this.answers.push(reply)
    }
    for (const effect of decision.effects) this.effects.add(effect)
    this.#timers.change(decision.timers)
    return decision
  }
}

/** `topic:partition`, comma-separated. */
export function partitionList(text: string): TransactionPartition[] {
  if (text === '') return []
  return text.split(',').map((part) => {
    const at = part.lastIndexOf(':')
    return { topic: part.slice(0, at), partition: Number(part.slice(at + 1)) }
  })
}

export const init = (request: Partial<InitProducerIdRequest> = {}): TransactionRequest => ({
  api: 'InitProducerId',
  request: {
    transactionalId: 't',
    transactionTimeoutMs: 60_000,
    producerId: -1n,
    producerEpoch: -1,
    enable2Pc: false,
    keepPreparedTxn: false,
    ...request,
  },
})

export const add = (request: Partial<AddPartitions> = {}): TransactionRequest => ({
  api: 'AddPartitions',
  request: {
    transactionalId: 't',
    producer: { id: 1000n, epoch: 0 },
    partitions: partitionList('orders:0'),
    verifyOnly: false,
    transactionVersion: 0,
    ...request,
  },
})

export const end = (request: Partial<EndTxnRequest> = {}): TransactionRequest => ({
  api: 'EndTxn',
  request: { transactionalId: 't', producerId: 1000n, producerEpoch: 0, committed: true, ...request },
})
