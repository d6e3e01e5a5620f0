import { expect } from '@jest/globals'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { compressionTypes } from '../../../protocol/records/compression.ts'
import { recordBatches } from '../../../protocol/records/record-batch.ts'
import { buildRecordBatch, type RecordBatchOptions } from '../../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import { Buffers } from '../../environment/buffers.ts'
import { systemReal } from '../../environment/clock.ts'
import type { Environment, Random } from '../../environment/environment.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import { SegmentStorage } from '../../storage/segments/segment-storage.ts'
import type { Storage } from '../../storage/storage.ts'
import type { LogConfig } from '../log-config.ts'
import { LogStartOffsets } from '../log-start-offsets.ts'
import { openPartitionLog } from '../open-partition-log.ts'
import type { PartitionLog } from '../partition-log.ts'
import type { PreparedBatch } from '../prepared-batch.ts'
import { defaultLogConfig, testPartition } from '../test-log.ts'
import { UnsavedBytes } from '../unsaved-bytes.ts'
import { cleanLog } from './clean-log.ts'
import { CleanerOffsets } from './cleaner-offsets.ts'
import { CleaningGivenUp } from './cleaning-given-up.ts'
import { IoThrottle } from './io-throttle.ts'
import { firstDirty, logToClean } from './log-to-clean.ts'
import { OffsetMap } from './offset-map.ts'
import { Pace } from './pace.ts'
import { batchesOf, recordsSeen, SlowClock } from './test-cleaning.ts'
import { CompactionModel, type ModelRecord } from './test-compaction-model.ts'

const hourMs = 3_600_000
const producerIdExpirationMs = 24 * hourMs
const deleteRetentionMs = 24 * hourMs
const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'a much longer key that says little']

interface Producer {
  readonly id: bigint
  readonly isTransactional: boolean
  epoch: number
  nextSequence: number
  inTransaction: boolean
}

/** A log to which anything may happen, and what its readers may see of it. */
export class CompactionHistory {
  readonly #random: Random
  readonly #directory: string | null
  readonly #clock = new SimulatedClock()
  readonly #environment: Environment
  readonly #config: LogConfig
  readonly #model = new CompactionModel(deleteRetentionMs)
  readonly #producers: Producer[] = [1n, 2n, 3n, 4n].map((id) => ({
    id,
    isTransactional: id > 2n,
    epoch: 0,
    nextSequence: 0,
    inTransaction: false,
  }))
  readonly #steps: string[] = []
  #storage: Storage
  #log!: PartitionLog
  #epoch = 0
  #isGivenUp = false
  #cleaning: Promise<void> | null = null

  private constructor(random: Random, directory: string | null) {
    this.#random = random
    this.#directory = directory
    this.#environment = {
      time: this.#clock,
      real: systemReal(),
      random,
      logger: silentLogger,
      files: new SystemFiles(),
      buffers: new Buffers(),
    }
    this.#config = {
      ...defaultLogConfig,
      compact: true,
      delete: this.#below(2) === 0,
      retentionMs: -1,
      segmentBytes: 300 + this.#below(3000),
      deleteRetentionMs,
      minCompactionLagMs: this.#below(3) === 0 ? hourMs : 0,
    }
    this.#storage = this.#made()
  }

  static async begin(random: Random, directory: string | null): Promise<CompactionHistory> {
    const history = new CompactionHistory(random, directory)
    await history.#open()
    return history
  }

  /** What happened so far. */
  get told(): string {
    return this.#steps.join(', ')
  }

  async step(): Promise<void> {
    const dice = this.#below(100)
    if (dice < 55) await this.#append()
    else if (dice < 68) await this.#endTransaction()
    else if (dice < 73) this.#tell('roll', () => this.#log.cleanable.roll())
    else if (dice < 80) await this.#beginCleaning()
    else if (dice < 84) this.#isGivenUp = this.#cleaning !== null
    else if (dice < 88) await this.#endCleaning()
    else if (dice < 91) await this.#passTime()
    else if (dice < 93) await this.#deleteRecords()
    else if (dice < 96) await this.#restart()
    else await this.#check()
  }

  /** At last all transactions end, all is cleaned, and nothing is left but what has to be. */
  async finish(): Promise<void> {
    await this.#endCleaning()
    for (const producer of this.#producers) if (producer.inTransaction) await this.#end(producer, false, false)
    await this.#clock.advance(2 * hourMs)
    this.#log.cleanable.roll()
    for (let rounds = 0; rounds < 50 && this.#log.cleanable.cleanedEnd !== this.#log.logEndOffset; rounds += 1) {
      await this.#beginCleaning()
      await this.#endCleaning()
    }
    expect(this.#log.cleanable.cleanedEnd).toBe(this.#log.logEndOffset)
    await this.#check()
    await this.#restart()
    await this.#check()
  }

  async close(): Promise<void> {
    this.#isGivenUp = true
    await this.#cleaning?.catch(() => {})
    await this.#storage.close(null).catch(() => {})
    ;(this.#environment.real as ReturnType<typeof systemReal>).stop()
  }

  async #append(): Promise<void> {
    const producer = this.#below(3) === 0 ? null : this.#producers[this.#below(this.#producers.length)]!
    const count = 1 + this.#below(4)
    const records = Array.from({ length: count }, () => ({
      timestamp: BigInt(this.#clock.nowMs() - this.#below(1000)),
      key: keys[this.#below(keys.length)]!,
      value: this.#below(5) === 0 ? null : `${this.#model.records.length} ${'x'.repeat(this.#below(40))}`,
    }))
    const { id = -1n, epoch = -1, nextSequence: baseSequence = -1, isTransactional = false } = producer ?? {}
    const options: RecordBatchOptions = {
      compression: compressionTypes[this.#below(compressionTypes.length)]!,
      producerId: id,
      producerEpoch: epoch,
      baseSequence,
      isTransactional,
    }
    const prepared = this.#log.prepare(new OwnedRecords(buildRecordBatch(records, options)), { by: 'client' }) as PreparedBatch
    const guard = isTransactional ? this.#log.beginVerification({ id, epoch }, baseSequence, false) : null
    const { baseOffset } = this.#log.append(prepared, guard)
    this.#steps.push(`${baseOffset}: ${records.map(({ key, value }) => (value === null ? `-${key[0]}` : key[0])).join('')}/${id}`)
    if (producer !== null) {
      producer.nextSequence += count
      producer.inTransaction = isTransactional
    }
    for (const [index, record] of records.entries()) {
      const outcome = isTransactional ? 'open' : 'committed'
      const value = record.value === null ? null : record.value
      this.#model.records.push({
        ...record,
        value,
        offset: baseOffset + BigInt(index),
        producerId: producer?.id ?? null,
        outcome,
      })
    }
    await this.#log.whenDurable(this.#log.logEndOffset)
  }

  async #endTransaction(): Promise<void> {
    const producer = this.#producers[2 + this.#below(2)]!
    if (producer.inTransaction) await this.#end(producer, this.#below(2) === 0, this.#below(2) === 0)
  }

  /** `bumps`: by transaction version 2, under a new epoch. */
  async #end(producer: Producer, commit: boolean, bumps: boolean): Promise<void> {
    if (bumps) producer.epoch += 1
    const marker = { producerId: producer.id, producerEpoch: producer.epoch, commit, coordinatorEpoch: 0 }
    const { baseOffset } = this.#log.appendMarker({ ...marker, transactionVersion: bumps ? 2 : 1 })
    this.#steps.push(`${baseOffset}: ${commit ? 'commit' : 'abort'}/${producer.id}${bumps ? '+' : ''}`)
    producer.inTransaction = false
    if (bumps) producer.nextSequence = 0
    this.#model.endTransaction(producer.id, commit)
    await this.#log.whenDurable(this.#log.logEndOffset)
  }

  async #beginCleaning(): Promise<void> {
    await this.#endCleaning()
    const { cleanable: log } = this.#log
    const nowMs = this.#clock.nowMs()
    const work = await logToClean(log, firstDirty(log, log.cleanedEnd).offset, nowMs)
    if (work === null || work.dirtyRatio === 0) return
    this.#steps.push(`clean ${work.firstDirtyOffset} to ${work.firstUncleanableOffset}`)
    expect(work.firstUncleanableOffset <= log.lastStableOffset).toBe(true)
    const cleaning = { nowMs, upperBound: work.firstUncleanableOffset, endOffset: null as bigint | null }
    this.#model.cleanings.push(cleaning)
    this.#isGivenUp = false
    const slow = new SlowClock(0)
    const tools = {
      map: new OffsetMap({ memoryBytes: (2 + this.#below(20)) * 24, loadFactor: 0.9, seed: this.#below(1000) }),
      pace: new Pace({
        real: slow,
        throttle: new IoThrottle(slow, () => Number.MAX_VALUE),
        isGivenUp: () => this.#isGivenUp || log.rangeChanges.isAwaited || !log.isCleanable,
      }),
      readBytes: 1 + this.#below(2000),
      nowMs,
    }
    const run = async (): Promise<void> => {
      const { endOffset } = await log.rangeChanges.run(() => cleanLog(log, work, tools))
      cleaning.endOffset = endOffset
      await log.saveCleanedEnd(endOffset)
    }
    this.#cleaning = run().catch((error: unknown) => {
      if (!(error instanceof CleaningGivenUp)) throw error
    })
    // Whoever waits for it hears of it; it may fail before.
    this.#cleaning.catch(() => {})
  }

  async #endCleaning(): Promise<void> {
    const cleaning = this.#cleaning
    this.#cleaning = null
    await cleaning
  }

  async #passTime(): Promise<void> {
    const hours = this.#below(3) === 0 ? 25 : this.#below(2)
    this.#steps.push(`${hours} h`)
    await this.#clock.advance(hours * hourMs)
    // Who is away for so long is forgotten, and comes back under a new epoch.
    if (hours * hourMs < producerIdExpirationMs) return
    for (const producer of this.#producers) {
      if (producer.inTransaction) continue
      producer.epoch += 1
      producer.nextSequence = 0
    }
  }

  async #deleteRecords(): Promise<void> {
    if (!this.#config.delete || this.#below(3) > 0) return
    const { logStartOffset, highWatermark } = this.#log
    const before = logStartOffset + BigInt(this.#below(Math.max(1, Number(highWatermark - logStartOffset) / 2)))
    this.#steps.push(`delete before ${before}`)
    await this.#log.deleteRecords(before)
  }

  async #restart(): Promise<void> {
    this.#isGivenUp = true
    await this.#endCleaning()
    const clean = this.#below(2) === 0
    this.#steps.push(clean ? 'restart' : 'crash')
    // Without its snapshots a log knows of its producers what is left of their batches.
    if (!clean && this.#below(2) === 0) await this.#loseSnapshots()
    if (clean) await this.#log.close()
    await this.#storage.close(clean ? Buffer.from('{}') : null)
    if (this.#directory !== null) this.#storage = this.#made()
    await this.#open()
  }

  async #loseSnapshots(): Promise<void> {
    this.#steps.push('without snapshots')
    const { checkpoints } = this.#log.cleanable.storage
    for (const name of await checkpoints.list()) if (name.endsWith('.snapshot')) await checkpoints.remove(name)
  }

  async #check(): Promise<void> {
    for (const isolation of ['read_uncommitted', 'read_committed'] as const) await this.#checkSeen(isolation)
    if (this.#cleaning === null) await this.#checkPlaces()
    else await this.#checkLookUps()
  }

  async #checkSeen(isolation: 'read_uncommitted' | 'read_committed'): Promise<void> {
    const log = this.#log
    const [start, end] = [log.logStartOffset, isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark]
    // Asked now: what is taken away while this is read may still be seen.
    const wanted = this.#model.records.filter((record) => this.#isFor(record, isolation) && !this.#model.mayBeGone(record))
    const unwanted = new Set(this.#model.records.filter((record) => this.#model.mustBeGone(record)).map(({ offset }) => offset))
    const seen = await recordsSeen(log, isolation, async () => {
      for (let turns = this.#below(3); turns > 0; turns -= 1) await new Promise<void>((resolve) => this.#clock.endOfTurn(resolve))
    })
    const byOffset = new Map(seen.map((record) => [record.offset, record]))
    expect(byOffset.size).toBe(seen.length)
    const known = new Map(this.#model.records.map((record) => [record.offset, record]))
    for (const record of seen) {
      const model = known.get(record.offset)
      expect(model).toMatchObject({ ...record })
      if (isolation === 'read_committed') expect([record.offset, model?.outcome]).toEqual([record.offset, 'committed'])
    }
    expect(seen.filter(({ offset }) => unwanted.has(offset))).toEqual([])
    const missing = wanted.filter(({ offset }) => offset >= start && offset < end && !byOffset.has(offset))
    expect(missing.filter((record) => !this.#model.mayBeGone(record) && record.offset >= log.logStartOffset)).toEqual([])
  }

  #isFor({ outcome }: ModelRecord, isolation: 'read_uncommitted' | 'read_committed'): boolean {
    return isolation === 'read_uncommitted' || outcome === 'committed'
  }

  /** Ranges are replaced under those who walk through them: that costs nobody an answer. */
  async #checkLookUps(): Promise<void> {
    const asked = [-3n, 0n, BigInt(this.#clock.nowMs() - this.#below(3) * hourMs - this.#below(2000))]
    const answers = await Promise.all(asked.map((at) => this.#log.listOffsets(at, 'read_uncommitted')))
    for (const { offset } of answers) expect(offset >= -1n && offset < this.#log.logEndOffset).toBe(true)
  }

  /** What is asked for by offset and by time is found, whatever is gone in between. */
  async #checkPlaces(): Promise<void> {
    const log = this.#log
    const batches = await batchesOf(log, 'read_uncommitted')
    const end = log.highWatermark
    for (let tries = 0; tries < 5; tries += 1) {
      const span = Number(end - log.logStartOffset)
      const from = log.logStartOffset + BigInt(this.#below(Math.max(1, span)))
      const expected = from < end ? batches.find(({ lastOffset }) => lastOffset >= from) : undefined
      const pieces = await log.read(from, 'read_uncommitted', 1, true)
      const [first] = pieces.length === 0 ? [] : [...recordBatches(pieces[0]!.bytes)]
      expect(first?.baseOffset).toBe(expected?.baseOffset)
      for (const piece of pieces) piece.release()
      expect(from >= end || expected !== undefined || span === 0).toBe(true)
    }
    const records = batches.flatMap((batch) =>
      [...recordsOf(batch, 1 << 20)].filter(({ offset }) => offset >= log.logStartOffset),
    )
    const at = BigInt(this.#clock.nowMs() - this.#below(30) * hourMs - this.#below(2000))
    const found = await log.listOffsets(at, 'read_uncommitted')
    expect(found.offset).toBe(records.find(({ timestamp }) => timestamp >= at)?.offset ?? -1n)
    const largest = await log.listOffsets(-3n, 'read_uncommitted')
    const newest = records.find(({ timestamp }) => records.every((other) => other.timestamp <= timestamp))
    expect(largest.offset).toBe(newest?.offset ?? -1n)
  }

  #tell(what: string, run: () => void): void {
    this.#steps.push(what)
    run()
  }

  #below(limit: number): number {
    return this.#random.bytes(4).readUInt32BE() % Math.floor(limit)
  }

  #made(): Storage {
    const { files, buffers, time, random, logger } = this.#environment
    if (this.#directory === null) return new MemoryStorage({ time, buffers, logger, limitBytes: 256 << 20 })
    return new SegmentStorage({
      directory: this.#directory,
      files,
      buffers,
      time,
      random,
      logger,
      durability: 'fsync',
      threads: 4,
    })
  }

  async #open(): Promise<void> {
    await this.#storage.open()
    this.#log = await openPartitionLog({
      storage: this.#storage,
      id: testPartition,
      config: this.#config,
      leaderEpoch: this.#epoch,
      durability: 'fsync',
      producerIdExpirationMs,
      unsaved: new UnsavedBytes(),
      logStartOffsets: await LogStartOffsets.load(this.#storage.files),
      cleanerOffsets: await CleanerOffsets.load(this.#storage.files, silentLogger),
      environment: this.#environment,
    })
    this.#epoch += 1
  }
}
