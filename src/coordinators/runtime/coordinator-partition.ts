import { KafkaError } from '../../../protocol/errors.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import type { Environment } from '../../environment/environment.ts'
import type { PartitionLog, TransactionMarker, VerificationGuard } from '../../log/partition-log.ts'
import type { PreparedBatch } from '../../log/prepared-batch.ts'
import type { CoordinatorRecord, Decision, Input, Machine, Reply } from '../machine.ts'
import type { CoordinatorCaller } from './coordinator.ts'
import { batchesOf, encodeBatch, replayFrom } from './coordinator-log.ts'
import { KeyedTimers } from './keyed-timers.ts'
import { machineRandom } from './machine-random.ts'

/** What an effect is told about the partition whose machine asked for it. */
export interface PartitionFacts {
  readonly partition: number
  /** Under which the machine was loaded. */
  readonly leaderEpoch: number
  /** Aborted when the coordinator is dropped: nobody waits for the result any more. */
  readonly signal: AbortSignal
}

/** What the log asks for with the records of a transaction. */
export type AppendGuard = VerificationGuard | 'not-required' | null

export interface PartitionOptions<Request, Image, Effect, Result> {
  readonly log: PartitionLog
  readonly machine: Machine<Request, Image, Effect, Result>
  readonly image: Image
  /** Does what only the runtime can; the result becomes an input. Must not reject: what can fail has a result that says so. */
  readonly run: (effect: Effect, facts: PartitionFacts) => Promise<Result>
  readonly environment: Environment
  /** How many requests may be open, parked ones included. */
  readonly openRequestsMax: number
  /** max.message.bytes of the internal topic. */
  readonly batchBytesMax: number
  /** Told once, if it can no longer serve; `again`: loading anew may help at once, else only a new leader epoch does. */
  readonly dropped: (again: boolean) => void
}

interface OpenRequest {
  readonly connection: number
  /** What the log gave to whoever asked the transaction coordinator, for the records of a transaction. */
  readonly guard: AppendGuard
  resolve(response: object): void
  reject(error: KafkaError): void
  forget: () => void
}

/** The end of a transaction that wrote here, in line with the machine's inputs. */
interface MarkerToAppend {
  readonly kind: 'marker'
  readonly marker: TransactionMarker
  resolve(): void
  reject(error: unknown): void
}

/**
 * One machine on one partition of the internal topic, from its loading to the end of its leadership. It is the only one
 * to write there. A failed write ends it: what is in memory may then be ahead of the log, so that whoever keeps it makes
 * another from the log.
 */
export class CoordinatorPartition<Request, Image, Effect = never, Result = never> {
  readonly log: PartitionLog
  readonly leaderEpoch: number
  readonly #options: PartitionOptions<Request, Image, Effect, Result>
  readonly #timers: KeyedTimers
  readonly #open = new Map<number, OpenRequest>()
  readonly #inbox: (Input<Request, Effect, Result> | MarkerToAppend)[] = []
  /** The connections whose end matters to the machine, with what stops the watching. */
  readonly #watched = new Map<number, () => void>()
  readonly #endOfLife = new AbortController()
  #phase: 'loading' | 'active' | 'dropped' = 'loading'
  /** A batch is being prepared; inputs wait in the inbox, as do changes of the image and markers while the log is loaded. */
  #isWriting = false
  #nextRequestId = 1
  /** The end of what the machine has read or written: an answer waits until that much is durable. */
  #end = 0n

  constructor(options: PartitionOptions<Request, Image, Effect, Result>) {
    this.#options = options
    this.log = options.log
    this.leaderEpoch = options.log.leaderEpoch
    this.#timers = new KeyedTimers(options.environment.time, (key) => this.#take({ kind: 'timer', key }))
  }

  /** Replays what is durable. A log that has failed says so here. */
  async load(): Promise<void> {
    try {
      await this.#replayLog()
    } catch (error) {
      this.#failed(error, false)
      return
    }
    if (this.#phase !== 'loading') return
    this.#phase = 'active'
    this.#take({ kind: 'loaded' })
    this.#takeInbox()
  }

  async #replayLog(): Promise<void> {
    const { log, machine, environment } = this.#options
    await log.whenDurable(log.logEndOffset)
    const end = log.highWatermark
    for (let from = log.logStartOffset; from < end && this.#phase === 'loading'; ) {
      const next = await replayFrom(log, from, end, machine)
      // The log may end with offsets that no batch has: a loss of power can take the end of the segment before an empty one.
      if (next === from) break
      from = next
      // Others have their turn between two pieces of a long log.
      await new Promise<void>((resolve) => environment.time.endOfTurn(resolve))
    }
    this.#end = end
  }

  /** Rejects with KafkaError; what the machine refuses, it answers. The guard is for records of a transaction, see `PartitionLog`. */
  request(request: Request, caller: CoordinatorCaller, guard: AppendGuard = null): Promise<object> {
    if (this.#phase === 'loading') return Promise.reject(new KafkaError('COORDINATOR_LOAD_IN_PROGRESS'))
    if (this.#phase === 'dropped') return Promise.reject(new KafkaError('NOT_COORDINATOR'))
    if (this.#open.size >= this.#options.openRequestsMax) return Promise.reject(new KafkaError('COORDINATOR_LOAD_IN_PROGRESS'))
    const id = this.#nextRequestId++
    const { version, clientId, clientHost, principal } = caller
    const connection = caller.connection.id
    return new Promise((resolve, reject) => {
      const open: OpenRequest = { connection, guard, resolve, reject, forget: () => {} }
      this.#open.set(id, open)
      this.#take({ kind: 'request', id, request, caller: { version, clientId, clientHost, principal, connection } })
      // Most are answered by now.
      if (this.#open.has(id)) open.forget = caller.connection.onClose(() => this.#closed(id))
      this.#watch(caller.connection)
    })
  }

  /** A machine that cares for the end of a connection is told of it once, whatever is open there. */
  #watch(connection: CoordinatorCaller['connection']): void {
    const { id } = connection
    if (this.#watched.has(id) || !this.#options.machine.watches?.(id)) return
    this.#watched.set(id, () => {})
    const forget = connection.onClose(() => {
      if (this.#watched.delete(id)) this.#take({ kind: 'closed', connection: id })
    })
    if (this.#watched.has(id)) this.#watched.set(id, forget)
  }

  topicsDeleted(deletedTopics: readonly string[]): void {
    const input = { kind: 'image', deletedTopics } as const
    if (this.#phase === 'loading') this.#inbox.push(input)
    else this.#take(input)
  }

  /**
   * The end of a transaction that wrote here: first in the log, then in the machine, so that both know it in one order.
   * Settled when it is durable. Rejects with KafkaError; nothing was written then, or a load will find it.
   */
  appendMarker(marker: TransactionMarker): Promise<void> {
    if (this.#phase === 'dropped') return Promise.reject(new KafkaError('NOT_COORDINATOR'))
    return new Promise((resolve, reject) => {
      const input: MarkerToAppend = { kind: 'marker', marker, resolve, reject }
      if (this.#phase === 'loading') this.#inbox.push(input)
      else this.#take(input)
    })
  }

  /** The end, from outside: leadership has moved or the broker stops. */
  stop(): void {
    this.#drop()
  }

  #closed(id: number): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    open.reject(new KafkaError('NETWORK_EXCEPTION'))
    if (this.#phase === 'active') this.#take({ kind: 'closed', connection: open.connection })
  }

  #take(input: Input<Request, Effect, Result> | MarkerToAppend): void {
    if (this.#isWriting) this.#inbox.push(input)
    else if (input.kind === 'marker') this.#append(input)
    else this.#decide(input)
  }

  #append({ marker, resolve, reject }: MarkerToAppend): void {
    try {
      const { lastOffset } = this.log.appendMarker(marker)
      this.#end = lastOffset + 1n
    } catch (error) {
      // Nothing was written: the log is as the machine has it.
      reject(error)
      return
    }
    const durable = this.log.whenDurable(this.#end)
    if (durable === undefined) resolve()
    else durable.then(resolve, reject)
    try {
      this.#options.machine.replayMarker({ id: marker.producerId, epoch: marker.producerEpoch }, marker.commit)
    } catch (error) {
      this.#failed(error, true)
    }
  }

  #decide(input: Input<Request, Effect, Result>): void {
    if (this.#phase !== 'active') return
    if (input.kind === 'timer' && !this.#timers.take(input.key)) return
    const { machine, image, environment } = this.#options
    let records: readonly CoordinatorRecord[] = []
    try {
      const decision = machine.decide(input, image, environment.time.nowMs(), machineRandom(environment.random))
      records = decision.records
      const written = records.length === 0 ? undefined : this.#write(records, input)
      if (written === undefined) this.#decided(decision)
      else this.#whenWritten(written, decision, input)
    } catch (error) {
      this.#notWritten(error, records, input)
    }
  }

  #whenWritten(written: Promise<void>, decision: Decision<Effect>, input: Input<Request, Effect, Result>): void {
    this.#isWriting = true
    const goOn = (): void => {
      this.#isWriting = false
      this.#takeInbox()
    }
    written.then(
      () => {
        if (this.#phase === 'active') this.#decided(decision)
        goOn()
      },
      (error) => {
        this.#notWritten(error, decision.records, input)
        goOn()
      },
    )
  }

  /** The log may refuse a producer, as it does others; his records are one batch, so that nothing was written or replayed. */
  #notWritten(error: unknown, records: readonly CoordinatorRecord[], input: Input<Request, Effect, Result>): void {
    const isProducers = records[0] !== undefined && records[0].producer !== null
    if (isProducers && error instanceof KafkaError && this.log.takesAppends && input.kind === 'request') {
      this.#settle(input.id)?.reject(error)
      return
    }
    // A machine that cannot even begin would not begin the next time either.
    this.#failed(error, input.kind !== 'loaded')
  }

  #takeInbox(): void {
    while (!this.#isWriting && this.#inbox.length > 0) this.#take(this.#inbox.shift()!)
  }

  /** Appends and replays; a promise only where the log has to unpack what it is given. */
  #write(records: readonly CoordinatorRecord[], input: Input<Request, Effect, Result>): undefined | Promise<void> {
    if (records[0]!.producer !== null) {
      const guard = input.kind === 'request' ? this.#open.get(input.id)?.guard : null
      return this.#writeBatch(records, guard ?? null)
    }
    const batches = batchesOf(records, this.#options.batchBytesMax)
    for (const batch of batches) {
      const written = this.#writeBatch(batch, null)
      if (written !== undefined) return this.#writeOthers(written, batches)
    }
    return undefined
  }

  async #writeOthers(written: Promise<void>, batches: Iterable<readonly CoordinatorRecord[]>): Promise<void> {
    await written
    for (const batch of batches) await this.#writeBatch(batch, null)
  }

  #writeBatch(records: readonly CoordinatorRecord[], guard: AppendGuard): undefined | Promise<void> {
    const { log, environment } = this.#options
    const bytes = encodeBatch(records, environment.time.nowMs())
    const prepared = log.prepare(new OwnedRecords(bytes), { by: 'coordinator' })
    if (prepared instanceof Promise) return prepared.then((batch) => this.#appendBatch(batch, records, guard))
    this.#appendBatch(prepared, records, guard)
    return undefined
  }

  #appendBatch(batch: PreparedBatch, records: readonly CoordinatorRecord[], guard: AppendGuard): void {
    if (this.#phase !== 'active') throw new KafkaError('NOT_COORDINATOR')
    const { baseOffset, lastOffset } = this.log.append(batch, guard)
    this.#end = lastOffset + 1n
    for (const [index, record] of records.entries()) this.#options.machine.replay(baseOffset + BigInt(index), record)
  }

  #decided(decision: Decision<Effect>): void {
    for (const change of decision.timers) {
      if ('set' in change) this.#timers.set(change.set, change.delayMs)
      else this.#timers.cancel(change.cancel)
    }
    const { replies, effects } = decision
    if (replies.length === 0 && effects.length === 0) return
    const go = (): void => {
      this.#send(replies)
      for (const effect of effects) this.#run(effect)
    }
    const durable = this.log.whenDurable(this.#end)
    if (durable === undefined) go()
    else durable.then(go, (error) => this.#failed(error, false))
  }

  #run(effect: Effect): void {
    if (this.#phase !== 'active') return
    const { run, log } = this.#options
    const facts = { partition: log.id.partition, leaderEpoch: this.leaderEpoch, signal: this.#endOfLife.signal }
    run(effect, facts).then(
      (result) => {
        if (this.#phase === 'active') this.#take({ kind: 'effect', effect, result })
      },
      (error) => this.#failed(error, false),
    )
  }

  #send(replies: readonly Reply[]): void {
    for (const { id, response } of replies) this.#settle(id)?.resolve(response)
  }

  /** No longer open; undefined: it was not. */
  #settle(id: number): OpenRequest | undefined {
    const open = this.#open.get(id)
    this.#open.delete(id)
    open?.forget()
    return open
  }

  #failed(error: unknown, again: boolean): void {
    if (this.#phase === 'dropped') return
    const { log, environment, dropped } = this.#options
    const { topic, partition } = log.id
    environment.logger.error({ topic, partition, err: error }, 'A coordinator was dropped; it is loaded again from its log.')
    this.#drop()
    // Memory that is full takes nothing, but the log has not failed: no leader epoch will come that loads it again.
    dropped(again && log.takesAppends)
  }

  #drop(): void {
    this.#phase = 'dropped'
    this.#endOfLife.abort()
    this.#timers.cancelAll()
    for (const forget of this.#watched.values()) forget()
    this.#watched.clear()
    for (const input of this.#inbox.splice(0)) {
      if (input.kind === 'marker') input.reject(new KafkaError('NOT_COORDINATOR'))
    }
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const { forget, reject } of open) {
      forget()
      reject(new KafkaError('NOT_COORDINATOR'))
    }
  }
}
