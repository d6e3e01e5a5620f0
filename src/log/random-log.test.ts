import { expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import { recordBatches } from '../../protocol/records/record-batch.ts'
import { seededRandom } from '../environment/random.ts'
import { sequenced, snapshotsOf, TestLog, testBatchBytes } from './test-log.ts'

const steps = 400
const producerIds = [1n, 2n]

interface ModelBatch {
  readonly baseOffset: bigint
  readonly count: number
  readonly producer: { readonly id: bigint; readonly epoch: number; readonly sequence: number } | null
}

/** What a log must be, in the plainest terms: a list of batches and three places in it. */
class Model {
  batches: ModelBatch[] = []
  /** The batches that the producers' state tells of. */
  known: ModelBatch[] = []
  /** What a snapshot at an offset would hold. */
  readonly #states = new Map<bigint, readonly ModelBatch[]>()
  end = 0n
  written = 0n
  durable = 0n
  start = 0n

  append(count: number, producer: ModelBatch['producer']): string {
    const verdict = producer === null ? 'append' : this.#verdict(producer, count)
    if (verdict !== 'append') return verdict
    this.remember()
    const baseOffset = this.end
    this.batches.push({ baseOffset, count, producer })
    this.known.push({ baseOffset, count, producer })
    this.end += BigInt(count)
    return `${baseOffset}`
  }

  cut(): void {
    this.batches = this.batches.filter((batch) => batch.baseOffset < this.durable)
    this.known = this.known.filter((batch) => batch.baseOffset < this.durable)
    this.end = this.durable
    this.written = this.durable
  }

  remember(): void {
    this.#states.set(this.end, [...this.known])
  }

  /** The newest snapshot tells what was known up to its offset, and the batches all since; without one, the batches all. */
  reload(storageStart: bigint, snapshots: readonly bigint[]): void {
    const newest = snapshots.findLast((offset) => offset >= storageStart && offset <= this.end)
    const known = newest === undefined ? [] : this.#states.get(newest)!
    this.known = [...known, ...this.batches.filter((batch) => batch.baseOffset >= (newest ?? storageStart))]
    this.remember()
  }

  /** Base offsets that a read to the end gives. */
  from(offset: bigint): bigint[] {
    const visible = this.batches.filter(
      ({ baseOffset, count }) => baseOffset + BigInt(count) > offset && baseOffset + BigInt(count) <= this.durable,
    )
    return visible.map(({ baseOffset }) => baseOffset)
  }

  #verdict(sent: { id: bigint; epoch: number; sequence: number }, count: number): string {
    const mine = this.known.filter((batch) => batch.producer?.id === sent.id)
    const last = mine.at(-1)
    if (last?.producer == null) return 'append'
    const window = mine.filter((batch) => batch.producer?.epoch === last.producer?.epoch).slice(-5)
    const same = window.find(({ producer, count: kept }) => {
      return producer?.epoch === sent.epoch && producer.sequence === sent.sequence && kept === count
    })
    if (same !== undefined) return `again ${same.baseOffset}`
    if (sent.epoch < last.producer.epoch) return 'INVALID_PRODUCER_EPOCH'
    const next = sent.epoch > last.producer.epoch ? 0 : last.producer.sequence + last.count
    return sent.sequence === next ? 'append' : 'OUT_OF_ORDER_SEQUENCE_NUMBER'
  }
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
    const kind = this.#below(20)
    if (kind < 10) this.#append()
    else if (kind < 12) this.#write()
    else if (kind < 15) this.#sync()
    else if (kind < 16) await this.#deleteRecords()
    else if (kind < 17) await this.#fail()
    else if (kind < 18) await this.#restart()
    else await this.#read()
    this.#compareEnds()
  }

  #append(): void {
    const count = 1 + this.#below(3)
    const id = producerIds[this.#below(3)]
    const producer = id === undefined ? null : this.#sequenceFor(id)
    const options = producer === null ? { count } : sequenced(producer.epoch, producer.sequence, count, producer.id)
    expect(this.#appendToLog(options)).toBe(this.model.append(count, producer))
  }

  #appendToLog(options: Parameters<TestLog['append']>[0]): string {
    try {
      const { baseOffset, duplicate } = this.real.append(options)
      return duplicate ? `again ${baseOffset}` : `${baseOffset}`
    } catch (error) {
      if (error instanceof KafkaError) return error.code
      throw error
    }
  }

  /** Mostly the right next one, else one nearby. */
  #sequenceFor(id: bigint): { id: bigint; epoch: number; sequence: number } {
    const last = this.model.known.findLast((batch) => batch.producer?.id === id)
    if (last?.producer == null) return { id, epoch: this.#below(2), sequence: this.#below(4) }
    const { epoch, sequence } = last.producer
    if (this.#below(3) > 0) return { id, epoch, sequence: sequence + last.count }
    if (this.#below(4) === 0) return { id, epoch: epoch + 1, sequence: 0 }
    return { id, epoch: Math.max(0, epoch - this.#below(2)), sequence: Math.max(0, sequence + 2 - this.#below(8)) }
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
    if (this.#below(3) > 0) return
    const before = this.model.start + BigInt(this.#below(Number(this.model.durable - this.model.start) + 1))
    this.model.start = before > this.model.start ? before : this.model.start
    expect(await this.real.log.deleteRecords(before)).toBe(this.model.start)
  }

  async #fail(): Promise<void> {
    const snapshots = await snapshotsOf(this.real)
    const lost = this.model.end > this.model.durable ? this.real.log.whenDurable(this.model.end) : undefined
    this.real.partition.failWrite()
    if (lost !== undefined) await expect(lost).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
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
      await this.real.reopen()
      if (this.model.end > 0n) snapshots.push(this.model.end)
    } else {
      await this.real.restartUncleanly()
    }
    this.model.reload(this.real.partition.startOffset, snapshots)
  }

  async #read(): Promise<void> {
    const { start, end } = this.model
    const from = start + BigInt(this.#below(Number(end - start) + 1))
    const pieces = await this.real.log.read(from, 'read_uncommitted', 1 << 24, true)
    const offsets = pieces.flatMap(({ bytes }) => [...recordBatches(bytes)].map(({ baseOffset }) => baseOffset))
    for (const piece of pieces) piece.release()
    expect(offsets).toEqual(this.model.from(from))
  }

  #compareEnds(): void {
    const { start, durable, written, end } = this.model
    expect(this.real.log).toMatchObject({
      logStartOffset: start,
      highWatermark: durable,
      writtenEnd: written,
      logEndOffset: end,
    })
  }
}

/** A seed of its own for each run; a failing one is in the message of the failure. */
test.each(Array.from({ length: 5 }, () => Math.floor(Math.random() * 2 ** 31)))(
  'a log does what its model does, seed %d',
  async (seed) => {
    const random = seededRandom(seed)
    const below = (limit: number): number => random.bytes(4).readUInt32BE() % limit
    const real = await TestLog.open({ config: { segmentBytes: 5 * testBatchBytes().length } })
    const pair = new Pair(real, below)
    for (let step = 0; step < steps; step += 1) await pair.step()
    expect(real.logger.messages('warn')).toEqual([])
  },
)
