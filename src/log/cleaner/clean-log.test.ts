import { beforeEach, describe, expect, test } from '@jest/globals'
import { compressionTypes } from '../../../protocol/records/compression.ts'
import { buildRecordBatch, type RecordBatchOptions } from '../../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import type { LogConfig } from '../log-config.ts'
import type { AppendedBatch } from '../partition-log.ts'
import type { PreparedBatch } from '../prepared-batch.ts'
import { startMs, TestLog } from '../test-log.ts'
import { CleaningGivenUp } from './cleaning-given-up.ts'
import { batchesOf, cleanNow, recordsSeen, type TestCleaningOptions } from './test-cleaning.ts'

const dayMs = 86_400_000

/** A record as text: `key=value`, or `key` alone for a tombstone. */
type RecordText = string

class Compacted {
  readonly #test: TestLog

  private constructor(test: TestLog) {
    this.#test = test
  }

  static async open(config: Partial<LogConfig> = {}): Promise<Compacted> {
    return new Compacted(await TestLog.open({ config: { compact: true, delete: false, ...config } }))
  }

  get log() {
    return this.#test.log
  }

  get clock() {
    return this.#test.clock
  }

  get test() {
    return this.#test
  }

  /** One batch; all is durable at once. */
  put(
    texts: readonly RecordText[],
    options: RecordBatchOptions & { readonly timestamps?: readonly number[] } = {},
  ): AppendedBatch {
    const records = texts.map((text, index) => {
      const [key, value] = text.split('=')
      const timestamp = BigInt(options.timestamps?.[index] ?? this.clock.nowMs())
      return { timestamp, key: key === '' ? null : key!, value: value ?? null }
    })
    const prepared = this.log.prepare(new OwnedRecords(buildRecordBatch(records, options)), { by: 'client' }) as PreparedBatch
    const { producerId: id = -1n, producerEpoch: epoch = -1, baseSequence = -1, isTransactional = false } = options
    const guard = isTransactional ? this.log.beginVerification({ id, epoch }, baseSequence, false) : null
    const appended = this.log.append(prepared, guard)
    this.#test.persist()
    return appended
  }

  end(producerId: bigint, commit: boolean): void {
    this.#test.endTransaction({ producerId, commit })
    this.#test.persist()
  }

  roll(): void {
    this.log.cleanable.roll()
  }

  async clean(options: Partial<TestCleaningOptions> = {}) {
    return await cleanNow(this.log.cleanable, { nowMs: this.clock.nowMs(), ...options })
  }

  async seen(isolation: 'read_uncommitted' | 'read_committed' = 'read_uncommitted'): Promise<string[]> {
    return (await recordsSeen(this.log, isolation)).map(({ offset, key, value }) =>
      value === null ? `${offset} ${key}` : `${offset} ${key}=${value}`,
    )
  }
}

const sequenced = (producerId: bigint, baseSequence: number): RecordBatchOptions => ({
  producerId,
  producerEpoch: 0,
  baseSequence,
})
const transactional = (producerId: bigint, baseSequence: number): RecordBatchOptions => ({
  ...sequenced(producerId, baseSequence),
  isTransactional: true,
})

let log: Compacted

beforeEach(async () => {
  log = await Compacted.open()
})

describe('compaction', () => {
  test('leaves the last record of each key, at its offset', async () => {
    log.put(['a=1', 'b=1'])
    log.put(['a=2', 'c=1'])
    log.roll()
    log.put(['b=2', 'd=1', 'a=3'])
    log.roll()
    const result = await log.clean()
    expect(await log.seen()).toEqual(['3 c=1', '4 b=2', '5 d=1', '6 a=3'])
    expect(result?.endOffset).toBe(7n)
    expect(log.log.cleanable.cleanedEnd).toBe(7n)
    const batches = await batchesOf(log.log, 'read_uncommitted')
    expect(batches.map(({ baseOffset, lastOffset, count }) => [baseOffset, lastOffset, count])).toEqual([
      [2n, 3n, 1],
      [4n, 6n, 3],
    ])
    expect(log.log.logStartOffset).toBe(0n)
  })

  test('leaves the range that takes the appends alone, and counts none of its records', async () => {
    log.put(['a=1'])
    log.roll()
    log.put(['a=2', 'a=3'])
    await log.clean()
    expect(await log.seen()).toEqual(['0 a=1', '1 a=2', '2 a=3'])
  })

  test('leaves records that are not stable, and all ranges from theirs on', async () => {
    log.put(['a=1'])
    log.put(['a=2'])
    log.roll()
    log.put(['b=1'], transactional(7n, 0))
    log.put(['a=3'])
    log.roll()
    await log.clean()
    expect(await log.seen()).toEqual(['1 a=2', '2 b=1', '3 a=3'])
    log.end(7n, true)
    log.roll()
    await log.clean()
    expect(await log.seen()).toEqual(['2 b=1', '3 a=3'])
  })

  test('drops records without a key', async () => {
    const plain = await Compacted.open({ compact: false })
    plain.put(['=1', 'a=1'])
    plain.roll()
    plain.log.configure({ ...plain.test.config, compact: true })
    const result = await plain.clean()
    expect(await plain.seen()).toEqual(['1 a=1'])
    expect(result?.recordsWithoutKey).toBe(1)
  })

  test('keeps headers, timestamps and every codec, and the largest timestamp that is left', async () => {
    for (const compression of compressionTypes) {
      log.put(['a=1', 'b=1', `c${compression}=1`], { compression, timestamps: [startMs + 5, startMs + 1, startMs + 2] })
    }
    log.roll()
    log.put(['a=2', 'b=2'])
    log.roll()
    await log.clean()
    const batches = await batchesOf(log.log, 'read_uncommitted')
    expect(batches.slice(0, 5).map(({ compression, count, maxTimestamp }) => [compression, count, maxTimestamp])).toEqual(
      compressionTypes.map((compression) => [compression, 1, BigInt(startMs + 2)]),
    )
    expect((await recordsSeen(log.log, 'read_uncommitted'))[0]).toEqual({
      offset: 2n,
      timestamp: BigInt(startMs + 2),
      key: 'cnone',
      value: '1',
    })
  })

  test('keeps the time of a batch that was stamped when it was appended', async () => {
    const stamped = await Compacted.open({ timestampType: 'LogAppendTime' })
    stamped.put(['a=1', 'b=1'], { timestamps: [3, 4] })
    await stamped.clock.advance(10)
    stamped.put(['a'])
    stamped.roll()
    await stamped.clean()
    expect(await recordsSeen(stamped.log, 'read_uncommitted')).toEqual([
      { offset: 1n, timestamp: BigInt(startMs), key: 'b', value: '1' },
      { offset: 2n, timestamp: BigInt(startMs + 10), key: 'a', value: null },
    ])
  })

  test('joins small ranges into one, as far as a segment holds them', async () => {
    for (let index = 0; index < 6; index += 1) {
      log.put([`key ${index}=${'x'.repeat(100)}`])
      log.roll()
    }
    log.log.configure({ ...log.test.config, segmentBytes: 600 })
    await log.clean()
    const ranges = log.test.partition.ranges().map(({ baseOffset, endOffset }) => [baseOffset, endOffset])
    expect(ranges).toEqual([
      [0n, 3n],
      [3n, 6n],
      [6n, 6n],
    ])
    expect(await log.seen()).toHaveLength(6)
  })

  test('leaves a range without a batch where all is gone, and readers pass over it', async () => {
    log.put(['a=1'])
    log.roll()
    log.put(['b=1'])
    log.roll()
    log.put(['a=2', 'b=2'])
    log.roll()
    log.log.configure({ ...log.test.config, segmentBytes: 1 })
    await log.clean()
    expect(log.test.partition.ranges().map(({ sizeBytes }) => sizeBytes === 0)).toEqual([true, true, false, true])
    expect(await log.seen()).toEqual(['2 a=2', '3 b=2'])
    await log.test.reopen()
    expect(await log.seen()).toEqual(['2 a=2', '3 b=2'])
  })

  test('ends where the memory for keys is full, and goes on from there', async () => {
    log.put(['a=1', 'b=1', 'c=1'])
    log.roll()
    log.put(['a=2', 'c=2'])
    log.roll()
    const first = await log.clean({ keys: 2 })
    expect(first?.endOffset).toBe(2n)
    expect(await log.seen()).toHaveLength(5)
    await log.clean({ keys: 2 })
    expect(await log.seen()).toEqual(['1 b=1', '2 c=1', '3 a=2', '4 c=2'])
    await log.clean({ keys: 2 })
    expect(await log.seen()).toEqual(['1 b=1', '3 a=2', '4 c=2'])
    expect(log.log.cleanable.cleanedEnd).toBe(5n)
  })

  test('a cleaning that is given up leaves a log that can be cleaned again', async () => {
    for (let index = 0; index < 20; index += 1) {
      log.put([`a=${index}`, `b${index}=1`])
      log.roll()
    }
    log.log.configure({ ...log.test.config, segmentBytes: 300 })
    const before = await log.seen()
    for (let looks = 0; looks < 12; looks += 1) {
      let left = looks
      const isGivenUp = (): boolean => {
        left -= 1
        return left < 0
      }
      await expect(log.clean({ isGivenUp })).rejects.toThrow(CleaningGivenUp)
      const seen = await log.seen()
      expect(before).toEqual(expect.arrayContaining(seen))
      expect(seen).toContain('38 a=19')
    }
    await log.clean()
    expect(await log.seen()).toHaveLength(21)
  })
})

describe('tombstones', () => {
  test('stay for delete.retention.ms from the cleaning that first meets them, then go with a later one', async () => {
    log.put(['a=1', 'b=1'])
    log.put(['a'])
    log.roll()
    await log.clean()
    expect(await log.seen()).toEqual(['1 b=1', '2 a'])
    const [, doomed] = await batchesOf(log.log, 'read_uncommitted')
    expect(doomed?.deleteHorizonMs).toBe(BigInt(startMs + dayMs))
    expect((await recordsSeen(log.log, 'read_uncommitted'))[1]?.timestamp).toBe(BigInt(startMs))

    await log.clock.advance(dayMs - 1)
    log.put(['c=1'])
    log.roll()
    await log.clean()
    expect(await log.seen()).toEqual(['1 b=1', '2 a', '3 c=1'])
    await log.clock.advance(1)
    log.put(['d=1'])
    log.roll()
    await log.clean()
    expect(await log.seen()).toEqual(['1 b=1', '3 c=1', '4 d=1'])
  })

  test('keep the other records of their batch readable, in every codec', async () => {
    for (const compression of compressionTypes) log.put(['x=1', 'a', `b${compression}=1`], { compression })
    log.roll()
    await log.clean()
    expect(await log.seen()).toEqual(['2 bnone=1', '5 bgzip=1', '8 bsnappy=1', '11 blz4=1', '12 x=1', '13 a', '14 bzstd=1'])
    const seen = await recordsSeen(log.log, 'read_uncommitted')
    expect(seen.every(({ timestamp }) => timestamp === BigInt(startMs))).toBe(true)
  })

  test('that no cleaning may ever drop have the last horizon there is', async () => {
    log.log.configure({ ...log.test.config, deleteRetentionMs: 2 ** 63 })
    log.put(['a', 'b=1'])
    log.roll()
    await log.clean()
    const [batch] = await batchesOf(log.log, 'read_uncommitted')
    expect(batch?.deleteHorizonMs).toBe(2n ** 63n - 1n)
    expect((await recordsSeen(log.log, 'read_uncommitted')).map(({ timestamp }) => timestamp)).toEqual([
      BigInt(startMs),
      BigInt(startMs),
    ])
  })
})

describe('transactions', () => {
  test('records of aborted ones go and hide no earlier record of their key', async () => {
    log.put(['a=1', 'b=1'])
    log.put(['a=2', 'c=1'], transactional(7n, 0))
    log.put(['d=1'], sequenced(8n, 0))
    log.end(7n, false)
    log.put(['e=1'], transactional(7n, 2))
    log.end(7n, true)
    log.roll()
    await log.clean()
    const left = ['0 a=1', '1 b=1', '4 d=1', '6 e=1']
    expect(await log.seen('read_committed')).toEqual(left)
    expect(await log.seen()).toEqual(left)
  })

  test('the marker of an aborted one stays until a cleaning meets none of its batches, and then for delete.retention.ms', async () => {
    log.put(['a=1'], transactional(7n, 0))
    log.end(7n, false)
    log.put(['b=1'], transactional(7n, 1))
    log.end(7n, true)
    log.roll()
    const isolation = 'read_committed'
    const kinds = async () =>
      (await batchesOf(log.log, isolation)).map(({ baseOffset, hasDeleteHorizon }) => `${baseOffset} ${hasDeleteHorizon}`)
    await log.clean()
    expect(await kinds()).toEqual(['1 false', '2 false', '3 false'])
    expect(log.log.abortedTransactions(0n, 10n)).toHaveLength(1)

    log.put(['c=1'])
    log.roll()
    await log.clean()
    expect(await kinds()).toEqual(['1 true', '2 false', '3 false', '4 false'])
    expect(log.log.abortedTransactions(0n, 10n)).toEqual([])
    expect(await log.seen(isolation)).toEqual(['2 b=1', '4 c=1'])

    await log.clock.advance(dayMs)
    log.put(['d=1'])
    log.roll()
    await log.clean()
    expect(await kinds()).toEqual(['2 false', '3 false', '4 false', '5 false'])
    expect(await log.seen(isolation)).toEqual(['2 b=1', '4 c=1', '5 d=1'])
  })

  test('the marker of a committed one stays as long as a record of it does', async () => {
    log.put(['a=1'], transactional(7n, 0))
    log.end(7n, true)
    log.put(['x=1'], sequenced(7n, 1))
    log.roll()
    await log.clock.advance(2 * dayMs)
    await log.clean()
    log.put(['b=1'])
    log.roll()
    await log.clock.advance(2 * dayMs)
    await log.clean()
    expect(await log.seen('read_committed')).toEqual(['0 a=1', '2 x=1', '3 b=1'])
    expect((await batchesOf(log.log, 'read_committed'))[1]?.hasDeleteHorizon).toBe(false)

    log.put(['a=2'])
    log.roll()
    await log.clean()
    log.put(['c=1'])
    log.roll()
    await log.clean()
    await log.clock.advance(dayMs)
    log.put(['d=1'])
    log.roll()
    await log.clean()
    expect((await batchesOf(log.log, 'read_committed')).map(({ baseOffset }) => baseOffset)).toEqual([2n, 3n, 4n, 5n, 6n])
  })

  test('one across several ranges is known in each of them', async () => {
    log.put(['a=1'])
    log.put(['a=2'], transactional(7n, 0))
    log.roll()
    log.put(['a=3'], transactional(7n, 1))
    log.roll()
    log.end(7n, false)
    log.put(['z=1'])
    log.roll()
    log.log.configure({ ...log.test.config, segmentBytes: 1 })
    await log.clean()
    expect(await log.seen('read_uncommitted')).toEqual(['0 a=1', '4 z=1'])
  })
})

describe('producers', () => {
  test('the last batch of one that is known stays, without records if none of them does', async () => {
    log.put(['a=1', 'b=1'], sequenced(7n, 0))
    log.put(['a=2', 'b=2'], sequenced(7n, 2))
    log.put(['a=3', 'b=3', 'c=1'])
    log.roll()
    await log.clean()
    const [last] = await batchesOf(log.log, 'read_uncommitted')
    expect([last?.baseOffset, last?.lastOffset, last?.count, last?.producerId, last?.lastSequence]).toEqual([2n, 3n, 0, 7n, 3])
    expect(last?.hasValidCrc).toBe(true)
    await log.test.restartUncleanly()
    log.put(['d=1'], sequenced(7n, 4))
    expect(() => log.put(['e=1'], sequenced(7n, 7))).toThrow('sent sequence 7 after 4')
  })

  test('the last batch of one that is forgotten goes like all others', async () => {
    log.put(['a=1'], sequenced(7n, 0))
    await log.clock.advance(2 * dayMs)
    log.put(['a=2'], sequenced(8n, 0))
    log.roll()
    await log.clean()
    expect((await batchesOf(log.log, 'read_uncommitted')).map(({ baseOffset }) => baseOffset)).toEqual([1n])
  })

  test('the batch that a failure may make the last again stays too', async () => {
    log.put(['a=1'], sequenced(7n, 0))
    log.put(['a=2'])
    log.roll()
    const records = new OwnedRecords(buildRecordBatch([{ timestamp: 1n, key: 'x', value: 'y' }], sequenced(7n, 1)))
    log.log.append(log.log.prepare(records, { by: 'client' }) as PreparedBatch)
    await log.clean()
    expect((await batchesOf(log.log, 'read_uncommitted')).map(({ baseOffset }) => baseOffset)).toEqual([0n, 1n])
  })

  test('the last batch of what is cleaned stays, so that the next start knows how far the log went', async () => {
    log.put(['a=1'])
    log.put(['a'])
    log.roll()
    await log.clean()
    await log.clock.advance(dayMs)
    // Cleaned once more as if nothing had been: the tombstone is due.
    await log.log.cleanable.saveCleanedEnd(0n)
    await log.clean()
    expect(await log.seen()).toEqual([])
    await log.test.restartUncleanly()
    expect(log.log.logEndOffset).toBe(2n)
  })
})
