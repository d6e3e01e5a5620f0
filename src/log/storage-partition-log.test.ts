import { describe, expect, test } from '@jest/globals'
import { type ErrorName, KafkaError } from '../../protocol/errors.ts'
import { RecordBatch, recordBatches } from '../../protocol/records/record-batch.ts'
import { StorageError } from '../storage/storage.ts'
import type { Isolation } from './partition-log.ts'
import { sequenced, snapshotsOf, startMs, TestLog, testBatchBytes, testRecords } from './test-log.ts'

/** The code of the refusal. */
async function codeOf(run: () => unknown): Promise<ErrorName> {
  try {
    await run()
  } catch (error) {
    if (error instanceof KafkaError) return error.code
    throw error
  }
  throw new Error('it was not refused')
}

/** Base offsets of the batches that a read gives. */
async function baseOffsets(test: TestLog, from: bigint, isolation: Isolation = 'read_uncommitted', maxBytes = 1 << 20) {
  const pieces = await test.log.read(from, isolation, maxBytes, true)
  const offsets = pieces.flatMap(({ bytes }) => [...recordBatches(bytes)].map((batch) => batch.baseOffset))
  for (const piece of pieces) piece.release()
  return offsets
}

describe('an append', () => {
  test('assigns offsets, and writes them and the leader epoch into the batch without touching its checksum', async () => {
    const test = await TestLog.open()
    test.log.becomeLeader(5)
    expect(test.appendDurably({ count: 3 })).toMatchObject({
      baseOffset: 0n,
      lastOffset: 2n,
      logAppendTimeMs: -1n,
      duplicate: false,
    })
    expect(test.appendDurably({ count: 2 })).toMatchObject({ baseOffset: 3n, lastOffset: 4n })
    const [piece] = await test.log.read(3n, 'read_uncommitted', 1, true)
    const batch = new RecordBatch(piece!.bytes)
    expect(batch).toMatchObject({ baseOffset: 3n, partitionLeaderEpoch: 5, hasValidCrc: true })
  })

  test('stamps LogAppendTime with the time of the append, under a new checksum', async () => {
    const test = await TestLog.open({ config: { timestampType: 'LogAppendTime' } })
    const prepared = await test.log.prepare(testRecords({ timestamps: [1n, 2n] }), { by: 'client' })
    await test.clock.advance(50)
    const now = BigInt(startMs + 50)
    expect(test.log.append(prepared).logAppendTimeMs).toBe(now)
    test.persist()
    const [piece] = await test.log.read(0n, 'read_uncommitted', 1, true)
    const batch = new RecordBatch(piece!.bytes)
    expect(batch).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: now, baseTimestamp: 1n, hasValidCrc: true })
  })

  test('corrects a largest timestamp that no record has', async () => {
    const test = await TestLog.open()
    test.appendDurably({ maxTimestamp: BigInt(startMs) + 99_000_000n })
    const [piece] = await test.log.read(0n, 'read_uncommitted', 1, true)
    expect(new RecordBatch(piece!.bytes)).toMatchObject({ maxTimestamp: BigInt(startMs), hasValidCrc: true })
  })

  test('of a batch that is there already gives its offsets, and appends nothing', async () => {
    const test = await TestLog.open()
    test.append(sequenced(0, 0, 3))
    test.append(sequenced(0, 3))
    const again = test.append(sequenced(0, 0, 3))
    expect(again).toEqual({ baseOffset: 0n, lastOffset: 2n, logAppendTimeMs: BigInt(startMs), duplicate: true })
    expect(test.log.logEndOffset).toBe(4n)
  })

  test('that the storage has no room for is KAFKA_STORAGE_ERROR and changes nothing', async () => {
    const test = await TestLog.open()
    test.partition.refusal = new StorageError('full', 'no room')
    expect(await codeOf(() => test.append(sequenced(0, 0)))).toBe('KAFKA_STORAGE_ERROR')
    test.partition.refusal = null
    expect(test.append(sequenced(0, 0))).toMatchObject({ baseOffset: 0n, duplicate: false })
  })

  test('after `resign` is NOT_LEADER_OR_FOLLOWER until the log is led again', async () => {
    const test = await TestLog.open()
    test.log.resign()
    expect(await codeOf(() => test.append())).toBe('NOT_LEADER_OR_FOLLOWER')
    test.log.becomeLeader(1)
    expect(test.append().baseOffset).toBe(0n)
  })
})

describe('the ends of the log', () => {
  test('the high watermark is the durable end', async () => {
    const test = await TestLog.open()
    test.append({ count: 2 })
    test.partition.write()
    expect(test.log).toMatchObject({ highWatermark: 0n, lastStableOffset: 0n, writtenEnd: 2n, logEndOffset: 2n })
    test.append()
    test.partition.sync()
    expect(test.log).toMatchObject({ highWatermark: 2n, lastStableOffset: 2n, writtenEnd: 2n, logEndOffset: 3n })
  })

  test('with durability=page-cache it is the written end', async () => {
    const test = await TestLog.open({ durability: 'page-cache' })
    test.append({ count: 2 })
    const durable = test.log.whenDurable(2n)
    test.partition.write()
    await durable
    expect(test.log.highWatermark).toBe(2n)
  })

  test('acks=1 waits for the write, acks=all for the sync', async () => {
    const test = await TestLog.open()
    const { lastOffset } = test.append()
    const done: string[] = []
    test.log.whenWritten(lastOffset + 1n)?.then(() => done.push('written'))
    test.log.whenDurable(lastOffset + 1n)?.then(() => done.push('durable'))
    expect(test.partition.awaited).toBe(1)
    await test.endOfTurn()
    expect(done).toEqual([])
    test.partition.write()
    await test.endOfTurn()
    expect(done).toEqual(['written'])
    test.partition.sync()
    await test.endOfTurn()
    expect(done).toEqual(['written', 'durable'])
    expect(test.log.whenDurable(lastOffset + 1n)).toBeUndefined()
    expect(test.log.whenWritten(lastOffset + 1n)).toBeUndefined()
  })

  test('a new leader epoch rejects the waits of the one before', async () => {
    const test = await TestLog.open()
    test.append()
    const waits = [test.log.whenWritten(1n), test.log.whenDurable(1n)]
    test.log.becomeLeader(1)
    for (const wait of waits) expect(await codeOf(() => wait)).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(test.append().baseOffset).toBe(1n)
  })
})

describe('who watches', () => {
  test('is told once, at the end of the turn, and not after it stopped', async () => {
    const test = await TestLog.open()
    let told = 0
    const stop = test.log.watch(() => {
      told += 1
    })
    test.log.becomeLeader(1)
    test.log.becomeLeader(2)
    expect(told).toBe(0)
    await test.endOfTurn()
    expect(told).toBe(1)
    test.append()
    test.partition.write()
    expect(told).toBe(1)
    test.partition.sync()
    expect(told).toBe(2)
    stop()
    test.log.resign()
    await test.endOfTurn()
    expect(told).toBe(2)
  })
})

describe('a read', () => {
  test('gives whole batches from the one that contains the offset, up to the high watermark', async () => {
    const test = await TestLog.open()
    test.append({ count: 3 })
    test.append({ count: 3 })
    test.persist()
    test.append()
    test.partition.write()
    expect(await baseOffsets(test, 1n)).toEqual([0n, 3n])
    expect(await baseOffsets(test, 4n, 'read_committed')).toEqual([3n])
    expect(await baseOffsets(test, 6n)).toEqual([])
    expect(await baseOffsets(test, 7n)).toEqual([])
  })

  test('gives the first batch whatever its size, and no second one beyond the limit', async () => {
    const test = await TestLog.open()
    for (let count = 0; count < 3; count += 1) test.appendDurably()
    const size = testBatchBytes().length
    expect(await baseOffsets(test, 0n, 'read_uncommitted', 1)).toEqual([0n])
    expect(await baseOffsets(test, 0n, 'read_uncommitted', 2 * size)).toEqual([0n, 1n])
    expect(await test.log.read(0n, 'read_uncommitted', 1, false)).toEqual([])
  })

  test('outside of the log is OFFSET_OUT_OF_RANGE', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 5 })
    await test.log.deleteRecords(2n)
    expect(await codeOf(() => test.log.read(1n, 'read_uncommitted', 1, true))).toBe('OFFSET_OUT_OF_RANGE')
    expect(await codeOf(() => test.log.read(6n, 'read_uncommitted', 1, true))).toBe('OFFSET_OUT_OF_RANGE')
    expect(await baseOffsets(test, 2n)).toEqual([0n])
    expect(await baseOffsets(test, 5n)).toEqual([])
  })

  test('knows without reading how much there is', async () => {
    const test = await TestLog.open()
    const size = testBatchBytes().length
    test.append()
    test.append()
    test.persist()
    test.append()
    expect(test.log.available(0n, 'read_uncommitted', 1 << 20)).toBe(2 * size)
    expect(test.log.available(2n, 'read_uncommitted', 1)).toBe(0)
  })
})

describe('segments', () => {
  const rangeCount = (test: TestLog): number => test.partition.ranges().length

  test('roll when the next batch would pass segment.bytes', async () => {
    const size = testBatchBytes().length
    const test = await TestLog.open({ config: { segmentBytes: 2 * size } })
    test.append()
    test.append()
    expect(rangeCount(test)).toBe(1)
    test.append()
    expect(rangeCount(test)).toBe(2)
  })

  test('roll when the time of the records has gone on by more than segment.ms since the first', async () => {
    const test = await TestLog.open({ config: { segmentMs: 1000 } })
    test.append({ timestamps: [5000n] })
    await test.clock.advance(10_000)
    test.append({ timestamps: [6000n] })
    expect(rangeCount(test)).toBe(1)
    test.persist()
    await test.reopen()
    test.append({ timestamps: [6001n] })
    expect(rangeCount(test)).toBe(2)
  })

  test('roll by the clock where the first record has no time, but never empty', async () => {
    const test = await TestLog.open({ config: { segmentMs: 1000 } })
    await test.clock.advance(1001)
    test.append({ timestamps: [-1n] })
    expect(rangeCount(test)).toBe(1)
    test.append({ timestamps: [-1n] })
    expect(rangeCount(test)).toBe(2)
  })

  test('roll when the index of the last one is full', async () => {
    const test = await TestLog.open()
    test.append()
    expect(rangeCount(test)).toBe(1)
    Object.defineProperty(test.partition, 'isLastRangeFull', { value: true })
    test.append()
    expect(rangeCount(test)).toBe(2)
  })

  test('roll when an offset no longer fits into 31 bits beside the base offset', async () => {
    const test = await TestLog.open()
    const huge = { ...test.log.prepare(testRecords(), { by: 'client' }), lastOffsetDelta: 0x7fffffff }
    test.log.append(huge as Parameters<typeof test.log.append>[0])
    expect(rangeCount(test)).toBe(1)
    test.append()
    expect(rangeCount(test)).toBe(2)
  })

  test('roll up to segment.jitter.ms earlier', async () => {
    const test = await TestLog.open({ config: { segmentMs: 1000, segmentJitterMs: 1000 } })
    test.append({ timestamps: [0n] })
    test.append({ timestamps: [999n] })
    expect(rangeCount(test)).toBe(2)
  })
})

describe('leader epochs', () => {
  test('a client with an older one is fenced, with a newer one unknown, with none not checked', async () => {
    const test = await TestLog.open()
    test.log.becomeLeader(3)
    test.log.checkLeaderEpoch(3)
    test.log.checkLeaderEpoch(-1)
    expect(await codeOf(() => test.log.checkLeaderEpoch(2))).toBe('FENCED_LEADER_EPOCH')
    expect(await codeOf(() => test.log.checkLeaderEpoch(4))).toBe('UNKNOWN_LEADER_EPOCH')
  })

  test('an older leader epoch does not come back', async () => {
    const test = await TestLog.open()
    test.log.becomeLeader(3)
    test.log.becomeLeader(2)
    expect(test.log.leaderEpoch).toBe(3)
  })

  test('each ends where the next began, also after a restart that found no checkpoint', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 2 })
    test.log.becomeLeader(4)
    test.appendDurably({ count: 3 })
    const ends = () => [0, 2, 4].map((epoch) => test.log.endOffsetForEpoch(epoch).endOffset)
    expect(ends()).toEqual([2n, 2n, 5n])
    await test.restartUncleanly()
    expect(await test.partition.checkpoints.list()).toEqual([])
    test.log.becomeLeader(9)
    expect(ends()).toEqual([2n, 2n, 5n])
    expect(test.log.endOffsetForEpoch(9)).toEqual({ leaderEpoch: 9, endOffset: 5n })
  })
})

describe('a restart', () => {
  test('keeps the last five batches of a producer', async () => {
    const test = await TestLog.open()
    for (let sequence = 0; sequence < 6; sequence += 1) test.appendDurably(sequenced(1, sequence))
    await test.reopen()
    expect(test.append(sequenced(1, 1))).toMatchObject({ baseOffset: 1n, duplicate: true })
    expect(await codeOf(() => test.append(sequenced(1, 0)))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(await codeOf(() => test.append(sequenced(0, 0)))).toBe('INVALID_PRODUCER_EPOCH')
    expect(test.append(sequenced(1, 6))).toMatchObject({ baseOffset: 6n, duplicate: false })
  })

  test('keeps a producer whose records were deleted', async () => {
    const test = await TestLog.open({ config: { segmentBytes: 100 } })
    test.appendDurably(sequenced(1, 0))
    test.appendDurably()
    await test.log.deleteRecords(1n)
    await test.reopen()
    expect(test.log.logStartOffset).toBe(1n)
    expect(await codeOf(() => test.append(sequenced(1, 7)))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(test.append(sequenced(1, 1))).toMatchObject({ duplicate: false })
  })
})

describe('an unclean restart', () => {
  test('says once how many bytes were cut off, and where the log ends now', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 4 })
    await test.restartUncleanly(77)
    const lines = test.logger.lines.filter(({ level }) => level === 'warn')
    expect(lines.map(({ fields }) => fields)).toEqual([{ topic: 'orders', partition: 3, bytesCut: 77, logEndOffset: 4n }])
  })
})

describe('a failed write', () => {
  async function failed(): Promise<TestLog> {
    const test = await TestLog.open()
    test.appendDurably(sequenced(0, 0))
    test.append(sequenced(0, 1))
    return test
  }

  test('rejects all waits, refuses appends and cuts off what is not durable', async () => {
    const test = await failed()
    const waits = [test.log.whenWritten(2n), test.log.whenDurable(2n)]
    test.partition.failWrite()
    for (const wait of waits) expect(await codeOf(() => wait)).toBe('KAFKA_STORAGE_ERROR')
    expect(await codeOf(() => test.append())).toBe('KAFKA_STORAGE_ERROR')
    expect(await codeOf(() => test.log.whenWritten(3n))).toBe('KAFKA_STORAGE_ERROR')
    await test.endOfTurn()
    expect(test.log).toMatchObject({ logEndOffset: 1n, highWatermark: 1n, awaitsLeaderEpoch: true })
    expect(await baseOffsets(test, 0n)).toEqual([0n])
    expect(test.logger.messages('error')).toHaveLength(1)
  })

  test('lets the retry of the lost batch in again, under a higher leader epoch', async () => {
    const test = await failed()
    test.partition.failWrite()
    await test.endOfTurn()
    test.log.becomeLeader(0)
    expect(await codeOf(() => test.append(sequenced(0, 1)))).toBe('KAFKA_STORAGE_ERROR')
    test.log.becomeLeader(1)
    expect(test.log.awaitsLeaderEpoch).toBe(false)
    expect(test.append(sequenced(0, 1))).toMatchObject({ baseOffset: 1n, duplicate: false })
    expect(test.log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 1n })
  })

  test('takes the higher leader epoch also while it still cuts', async () => {
    const test = await failed()
    test.partition.failWrite()
    test.log.becomeLeader(1)
    expect(await codeOf(() => test.append())).toBe('KAFKA_STORAGE_ERROR')
    await test.endOfTurn()
    expect(test.append().baseOffset).toBe(1n)
  })

  test('tells who watches, of the failure and of the cut', async () => {
    const test = await failed()
    const seen: boolean[] = []
    test.log.watch(() => seen.push(test.log.awaitsLeaderEpoch))
    test.partition.failWrite()
    await test.endOfTurn()
    await test.endOfTurn()
    expect(seen.at(-1)).toBe(true)
  })

  test('with durability=page-cache keeps what was written', async () => {
    const test = await TestLog.open({ durability: 'page-cache' })
    test.append()
    test.partition.write()
    test.append()
    test.partition.failWrite()
    await test.endOfTurn()
    expect(test.log).toMatchObject({ highWatermark: 1n, logEndOffset: 1n })
  })
})

describe('a failed sync', () => {
  test('refuses appends until a restart', async () => {
    const test = await TestLog.open()
    test.appendDurably()
    test.append()
    test.partition.failSync()
    await test.endOfTurn()
    test.log.becomeLeader(7)
    expect(await codeOf(() => test.append())).toBe('KAFKA_STORAGE_ERROR')
    expect(test.log.awaitsLeaderEpoch).toBe(false)
    expect(await baseOffsets(test, 0n)).toEqual([0n])
    expect(test.logger.messages('error').at(-1)).toContain('restart')
  })
})

describe('the end of a log', () => {
  test('closed, it rejects its waits, and leaves its files once all that they tell of is durable', async () => {
    const test = await TestLog.open()
    test.append()
    const wait = test.log.whenDurable(1n)
    const closing = test.log.close()
    expect(await codeOf(() => wait)).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(await test.partition.checkpoints.list()).toEqual([])
    test.persist()
    await closing
    expect(await test.partition.checkpoints.list()).toContain('00000000000000000001.snapshot')
    expect(await codeOf(() => test.append())).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(await codeOf(() => test.log.read(0n, 'read_uncommitted', 1, true))).toBe('NOT_LEADER_OR_FOLLOWER')
  })

  test('that fails while it is closed leaves none, and says so', async () => {
    const test = await TestLog.open()
    test.append()
    const closing = test.log.close()
    test.partition.failSync()
    expect(await codeOf(() => closing)).toBe('KAFKA_STORAGE_ERROR')
    expect(await test.partition.checkpoints.list()).toEqual([])
  })

  test('takes a snapshot where a segment begins, once all below it is durable', async () => {
    const test = await TestLog.open({ config: { segmentBytes: testBatchBytes().length } })
    test.append()
    test.append()
    expect(await snapshotsOf(test)).toEqual([])
    test.persist()
    expect(await snapshotsOf(test)).toEqual([1n])
  })

  test('deleted, it is unknown, and one made later begins at 0', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 4 })
    await test.log.deleteRecords(4n)
    await test.log.delete()
    expect(await codeOf(() => test.append())).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await test.reopen()
    expect(test.log).toMatchObject({ logStartOffset: 0n, logEndOffset: 0n })
  })

  test("leaves Kafka's files of a clean stop", async () => {
    const test = await TestLog.open()
    test.appendDurably(sequenced(0, 0, 3))
    const { checkpoints } = test.partition
    await test.log.close()
    expect([...(await checkpoints.list())].sort()).toEqual(['00000000000000000003.snapshot', 'leader-epoch-checkpoint'])
    expect((await checkpoints.load('leader-epoch-checkpoint'))?.toString()).toBe('0\n1\n0 0\n')
  })
})
