import { expect, test } from '@jest/globals'
import { controlRecordTypeOf, controlRecordTypes } from '../../protocol/records/control-record.ts'
import { recordsOfBatch } from '../../protocol/records/record.ts'
import { type RecordBatch, recordBatches } from '../../protocol/records/record-batch.ts'
import { seededRandom } from '../environment/random.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { snapshotsOf, TestLog, testBatchBytes } from './test-log.ts'

const steps = 400
const producerIds = [1n, 2n, 3n, 4n, 5n, 6n]

interface ModelBatch {
  readonly baseOffset: bigint
  readonly count: number
  readonly producerId: bigint | null
  readonly kind: 'data' | 'commit' | 'abort'
}

interface EndedTransaction extends AbortedTransaction {
  readonly commit: boolean
}

/** A log with transactions, in the plainest terms: a list of batches, and what it says of each transaction. */
class Model {
  batches: ModelBatch[] = []
  open = new Map<bigint, bigint>()
  ended: EndedTransaction[] = []
  /** What a snapshot at an offset would hold. */
  readonly #states = new Map<
    bigint,
    { readonly open: ReadonlyMap<bigint, bigint>; readonly ended: readonly EndedTransaction[] }
  >()
  end = 0n
  written = 0n
  durable = 0n
  start = 0n

  append(count: number, producerId: bigint | null, kind: ModelBatch['kind']): void {
    this.remember()
    const batch = { baseOffset: this.end, count, producerId, kind }
    this.batches.push(batch)
    this.end += BigInt(count)
    this.#note(batch)
  }

  cut(): void {
    this.batches = this.batches.filter(({ baseOffset }) => baseOffset < this.durable)
    this.end = this.durable
    this.written = this.durable
  }

  remember(): void {
    this.#states.set(this.end, { open: new Map(this.open), ended: [...this.ended] })
  }

  /** The newest snapshot tells what was known up to its offset, and the batches all since; without one, the batches all. */
  reload(storageStart: bigint, snapshots: readonly bigint[]): void {
    const newest = snapshots.findLast((offset) => offset >= storageStart && offset <= this.end)
    const state = newest === undefined ? undefined : this.#states.get(newest)
    this.open = new Map(state?.open)
    this.ended = [...(state?.ended ?? [])]
    for (const batch of this.batches) if (batch.baseOffset >= (newest ?? storageStart)) this.#note(batch)
    this.remember()
  }

  get lastStableOffset(): bigint {
    const unstable = this.ended.filter(({ lastOffset }) => lastOffset >= this.durable).map(({ firstOffset }) => firstOffset)
    const [first] = [...this.open.values(), ...unstable, this.durable].sort((one, other) => (one < other ? -1 : 1))
    if (first === undefined || first < this.start) return this.start
    return first
  }

  aborted(from: bigint, end: bigint): readonly AbortedTransaction[] {
    return this.ended
      .filter(({ commit, firstOffset, lastOffset }) => !commit && firstOffset < end && lastOffset >= from)
      .map(({ producerId, firstOffset, lastOffset }) => ({ producerId, firstOffset, lastOffset }))
      .sort((one, other) => (one.firstOffset < other.firstOffset ? -1 : 1))
  }

  /** Base offsets of what a reader of committed records keeps. */
  committed(from: bigint): bigint[] {
    const { lastStableOffset } = this
    const visible = this.batches.filter(({ baseOffset, count, kind }) => {
      return kind === 'data' && baseOffset + BigInt(count) > from && baseOffset + BigInt(count) <= lastStableOffset
    })
    return visible.filter((batch) => this.#outcome(batch) !== 'abort').map(({ baseOffset }) => baseOffset)
  }

  #outcome({ producerId, baseOffset }: ModelBatch): ModelBatch['kind'] | undefined {
    if (producerId === null) return 'commit'
    return this.batches.find((next) => next.baseOffset > baseOffset && next.producerId === producerId && next.kind !== 'data')
      ?.kind
  }

  #note({ producerId, baseOffset, kind }: ModelBatch): void {
    if (producerId === null) return
    const firstOffset = this.open.get(producerId)
    if (kind === 'data') {
      this.open.set(producerId, firstOffset ?? baseOffset)
    } else if (firstOffset !== undefined) {
      this.open.delete(producerId)
      this.ended.push({ producerId, firstOffset, lastOffset: baseOffset, commit: kind === 'commit' })
    }
  }
}

/** What a client keeps of what it was given, by the rule that all clients follow. */
function kept(bytes: Buffer, told: readonly AbortedTransaction[]): bigint[] {
  const waiting = [...told]
  const aborted = new Set<bigint>()
  return [...recordBatches(bytes)].flatMap((batch) => {
    while (waiting.length > 0 && waiting[0]!.firstOffset <= batch.lastOffset) aborted.add(waiting.shift()!.producerId)
    if (batch.isControl) {
      if (isAbort(batch)) aborted.delete(batch.producerId)
      return []
    }
    return batch.isTransactional && aborted.has(batch.producerId) ? [] : [batch.baseOffset]
  })
}

function isAbort(batch: RecordBatch): boolean {
  for (const { key } of recordsOfBatch(batch, 1000)) return controlRecordTypeOf(key) === controlRecordTypes.abort
  return false
}

/** The log and its model side by side. */
class Pair {
  readonly model = new Model()
  readonly real: TestLog
  readonly #below: (limit: number) => number

  constructor(real: TestLog, below: (limit: number) => number) {
    this.real = real
    this.#below = below
  }

  async step(): Promise<void> {
    const kind = this.#below(24)
    if (kind < 8) this.#append()
    else if (kind < 12) this.#end()
    else if (kind < 14) this.#write()
    else if (kind < 17) this.#sync()
    else if (kind < 18) await this.#deleteRecords()
    else if (kind < 19) await this.#fail()
    else if (kind < 21) await this.#restart()
    else await this.#read()
    this.#compare()
  }

  #append(): void {
    const count = 1 + this.#below(3)
    const producerId = producerIds[this.#below(8)] ?? null
    const { baseOffset } =
      producerId === null ? this.real.append({ count }) : this.real.appendTransactionalByCoordinator(producerId, count)
    expect(baseOffset).toBe(this.model.end)
    this.model.append(count, producerId, 'data')
  }

  #end(): void {
    const producerId = producerIds[this.#below(6)]!
    const commit = this.#below(2) === 0
    expect(this.real.endTransaction({ producerId, commit }).baseOffset).toBe(this.model.end)
    this.model.append(1, producerId, commit ? 'commit' : 'abort')
  }

  #write(): void {
    this.real.partition.write()
    this.model.written = this.model.end
  }

  #sync(): void {
    this.real.partition.sync()
    this.model.durable = this.model.written
  }

  async #deleteRecords(): Promise<void> {
    this.#write()
    this.#sync()
    if (this.#below(2) > 0) return
    const left = Number(this.model.durable - this.model.start)
    // Often most of it, so that of some producers nothing but a snapshot is left.
    const before = this.model.durable - BigInt(Math.min(left, this.#below(this.#below(2) === 0 ? 4 : left + 1)))
    if (before > this.model.start) this.model.start = before
    expect(await this.real.log.deleteRecords(before)).toBe(this.model.start)
  }

  async #fail(): Promise<void> {
    const snapshots = await snapshotsOf(this.real)
    this.real.partition.failWrite()
    while (!this.real.log.awaitsLeaderEpoch) await this.real.endOfTurn()
    this.real.log.becomeLeader(this.real.log.leaderEpoch + 1)
    this.model.cut()
    this.model.reload(this.real.partition.startOffset, snapshots)
  }

  async #restart(): Promise<void> {
    this.#write()
    this.#sync()
    this.model.remember()
    const snapshots = await snapshotsOf(this.real)
    if (this.#below(2) === 0) {
      if (this.model.end > 0n) snapshots.push(this.model.end)
      await this.real.reopen()
    } else {
      await this.real.restartUncleanly()
    }
    this.model.reload(this.real.partition.startOffset, snapshots)
  }

  async #read(): Promise<void> {
    const { start, end } = this.model
    const from = start + BigInt(this.#below(Number(end - start) + 1))
    const pieces = await this.real.log.read(from, 'read_committed', 1 << 24, true)
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes))
    for (const piece of pieces) piece.release()
    const last = [...recordBatches(bytes)].at(-1)
    const told = last === undefined ? [] : this.real.log.abortedTransactions(from, last.nextOffset)
    expect(kept(bytes, told)).toEqual(this.model.committed(from))
  }

  #compare(): void {
    const { start, durable, end, lastStableOffset } = this.model
    expect(this.real.log).toMatchObject({ logStartOffset: start, highWatermark: durable, logEndOffset: end, lastStableOffset })
    const from = start + BigInt(this.#below(Number(end - start) + 1))
    const to = from + BigInt(this.#below(Number(end - from) + 1))
    expect(this.real.log.abortedTransactions(from, to)).toEqual(this.model.aborted(from, to))
  }
}

/** A seed of its own for each run; a failing one is in the message of the failure. */
test.each(Array.from({ length: 5 }, () => Math.floor(Math.random() * 2 ** 31)))(
  'readers of committed records see what its model says, seed %d',
  async (seed) => {
    const random = seededRandom(seed)
    const below = (limit: number): number => random.bytes(4).readUInt32BE() % limit
    const real = await TestLog.open({ config: { segmentBytes: 5 * testBatchBytes().length } })
    const pair = new Pair(real, below)
    for (let step = 0; step < steps; step += 1) await pair.step()
    expect(real.logger.messages('warn')).toEqual([])
  },
)
