import { describe, expect, test } from '@jest/globals'
import { recordsOf } from '../../protocol/records/batch-records.ts'
import { decodeEndTransactionMarker } from '../../protocol/records/control-record.ts'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import { sequenced, startMs, TestLog, testBatchBytes } from './test-log.ts'

const abort = { commit: false }
const batchBytes = testBatchBytes().length

async function readAll(test: TestLog, isolation: 'read_committed' | 'read_uncommitted' = 'read_committed'): Promise<Buffer[]> {
  const pieces = await test.log.read(test.log.logStartOffset, isolation, 1 << 20, true)
  const bytes = pieces.map((piece) => Buffer.from(piece.bytes))
  for (const piece of pieces) piece.release()
  return bytes
}

describe('the last stable offset', () => {
  test('stays before an open transaction until its marker is durable', async () => {
    const test = await TestLog.open()
    test.appendDurably()
    test.appendTransactional({ count: 2 })
    test.persist()
    test.appendDurably()
    expect(test.log).toMatchObject({ highWatermark: 4n, lastStableOffset: 1n })
    test.endTransaction()
    expect(test.log.lastStableOffset).toBe(1n)
    test.partition.write()
    expect(test.log.lastStableOffset).toBe(1n)
    test.partition.sync()
    expect(test.log).toMatchObject({ highWatermark: 5n, lastStableOffset: 5n })
  })

  test('is the high watermark where a transaction began above that', async () => {
    const test = await TestLog.open()
    test.appendDurably()
    test.append()
    test.appendTransactional({})
    expect(test.log).toMatchObject({ highWatermark: 1n, lastStableOffset: 1n, logEndOffset: 3n })
  })

  test('is told to those who watch when a marker is durable', async () => {
    const test = await TestLog.open()
    test.appendTransactional({})
    test.persist()
    const seen: bigint[] = []
    test.log.watch(() => seen.push(test.log.lastStableOffset))
    test.endTransaction()
    test.persist()
    await test.endOfTurn()
    expect(seen.at(-1)).toBe(2n)
  })

  test('is the end of what readers of committed records are given, or find', async () => {
    const test = await TestLog.open()
    test.appendDurably({ timestamps: [BigInt(startMs)] })
    test.appendTransactional({ timestamps: [BigInt(startMs + 50)] })
    test.persist()
    expect(test.log.available(0n, 'read_committed', 1 << 20)).toBe(batchBytes)
    expect(test.log.available(1n, 'read_committed', 1)).toBe(0)
    expect(Buffer.concat(await readAll(test)).length).toBe(batchBytes)
    expect(Buffer.concat(await readAll(test, 'read_uncommitted')).length).toBe(2 * batchBytes)
    expect(await test.log.listOffsets(-1n, 'read_committed')).toMatchObject({ offset: 1n })
    expect(await test.log.listOffsets(-1n, 'read_uncommitted')).toMatchObject({ offset: 2n })
    expect(await test.log.listOffsets(BigInt(startMs + 50), 'read_committed')).toMatchObject({ offset: -1n })
    expect(await test.log.listOffsets(BigInt(startMs + 50), 'read_uncommitted')).toMatchObject({ offset: 1n })
  })

  test('is the log start where the transaction began before it', async () => {
    const test = await TestLog.open()
    test.appendTransactional({})
    test.append()
    test.append()
    test.persist()
    await test.log.deleteRecords(2n)
    expect(test.log).toMatchObject({ logStartOffset: 2n, lastStableOffset: 2n, highWatermark: 3n })
  })

  test('with durability page-cache moves when the marker is written', async () => {
    const test = await TestLog.open({ durability: 'page-cache' })
    test.appendTransactional({})
    test.partition.write()
    expect(test.log.lastStableOffset).toBe(0n)
    test.endTransaction()
    test.partition.write()
    expect(test.log.lastStableOffset).toBe(2n)
  })
})

describe('a marker', () => {
  test('is a control batch of one record, under the leader epoch', async () => {
    const test = await TestLog.open()
    await test.reopen()
    test.appendTransactional({})
    const appended = test.endTransaction({ ...abort, producerEpoch: 3, coordinatorEpoch: 9 })
    test.persist()
    expect(appended).toMatchObject({ baseOffset: 1n, lastOffset: 1n, logAppendTimeMs: -1n, duplicate: false })
    const bytes = Buffer.concat(await readAll(test))
    const batch = new RecordBatch(bytes, batchBytes)
    expect(batch).toMatchObject({ isControl: true, isTransactional: true, producerId: 7n, producerEpoch: 3, baseSequence: -1 })
    expect(batch).toMatchObject({ partitionLeaderEpoch: 1, maxTimestamp: BigInt(startMs), hasValidCrc: true })
    const [record] = [...recordsOf(batch, 1000)]
    expect(decodeEndTransactionMarker(record!.key, record!.value)).toEqual({ commit: false, coordinatorEpoch: 9 })
  })

  test('has the time of the append where the topic says so', async () => {
    const test = await TestLog.open({ config: { timestampType: 'LogAppendTime', compression: { type: 'gzip', level: -1 } } })
    test.clock.advance(5)
    expect(test.endTransaction()).toMatchObject({ logAppendTimeMs: BigInt(startMs + 5) })
  })

  test('is refused by a log that takes no appends', async () => {
    const test = await TestLog.open()
    test.log.resign()
    const refusal = expect.objectContaining({ code: 'NOT_LEADER_OR_FOLLOWER' })
    expect(() => test.endTransaction()).toThrow(refusal)
    expect(() => test.log.beginVerification({ id: 7n, epoch: 0 }, 0, false)).toThrow(refusal)
  })
})

describe('aborted transactions', () => {
  const abortedIn = (test: TestLog, from = test.log.logStartOffset) =>
    test.log.abortedTransactions(from, test.log.lastStableOffset).map(({ producerId, firstOffset }) => [producerId, firstOffset])

  async function twoAborted(test: TestLog): Promise<void> {
    test.appendTransactional({ producerId: 1n })
    test.appendTransactional({ producerId: 2n })
    test.append()
    test.endTransaction({ producerId: 2n, ...abort })
    test.endTransaction({ producerId: 1n, ...abort })
    test.appendTransactional({ producerId: 2n, baseSequence: 1 })
    test.endTransaction({ producerId: 2n })
    test.persist()
  }

  test('are told by their first offset, committed ones not at all', async () => {
    const test = await TestLog.open()
    await twoAborted(test)
    const [one, two] = [
      [1n, 0n],
      [2n, 1n],
    ]
    expect(abortedIn(test)).toEqual([one, two])
    expect(abortedIn(test, 4n)).toEqual([one])
    expect(abortedIn(test, 5n)).toEqual([])
    expect(test.log.abortedTransactions(0n, 1n)).toHaveLength(1)
    expect(test.log.mayMeetAbortedTransactions(4n)).toBe(true)
    expect(test.log.mayMeetAbortedTransactions(5n)).toBe(false)
  })

  test.each(['clean', 'unclean'])('are known again after a %s stop', async (stop) => {
    const test = await TestLog.open({ config: { segmentBytes: 3 * batchBytes } })
    await twoAborted(test)
    test.appendTransactional({ producerId: 3n })
    test.persist()
    const before = [abortedIn(test, 0n), test.log.lastStableOffset, test.log.activeProducers()]
    await (stop === 'clean' ? test.reopen() : test.restartUncleanly())
    expect([abortedIn(test, 0n), test.log.lastStableOffset, test.log.activeProducers()]).toEqual(before)
    expect(test.log.lastStableOffset).toBe(7n)
    test.appendTransactional({ producerId: 3n, baseSequence: 1 })
    test.endTransaction({ producerId: 3n, ...abort })
    test.persist()
    expect(abortedIn(test)).toContainEqual([3n, 7n])
  })

  test('whose marker was lost with the tail are open again', async () => {
    const test = await TestLog.open()
    test.appendTransactional({})
    test.persist()
    test.endTransaction(abort)
    test.appendTransactional({ producerId: 8n })
    test.partition.failWrite()
    while (!test.log.awaitsLeaderEpoch) await test.endOfTurn()
    test.log.becomeLeader(test.log.leaderEpoch + 1)
    expect(test.log).toMatchObject({ lastStableOffset: 0n, logEndOffset: 1n })
    expect(test.log.activeProducers().map(({ producerId }) => producerId)).toEqual([7n])
    test.endTransaction()
    test.persist()
    expect(test.log.lastStableOffset).toBe(2n)
    expect(abortedIn(test)).toEqual([])
  })

  test('of which nothing is left are forgotten', async () => {
    const test = await TestLog.open()
    await twoAborted(test)
    await test.log.deleteRecords(4n)
    expect(abortedIn(test)).toEqual([[1n, 0n]])
    await test.log.deleteRecords(5n)
    expect(test.log.mayMeetAbortedTransactions(0n)).toBe(false)
    await test.reopen()
    expect(test.log.mayMeetAbortedTransactions(0n)).toBe(false)
  })

  test('that began in what was deleted are told from their beginning, which a snapshot knows', async () => {
    const test = await TestLog.open({ config: { segmentBytes: 2 * batchBytes } })
    for (let baseSequence = 0; baseSequence < 5; baseSequence += 1) test.appendTransactional({ baseSequence })
    test.endTransaction(abort)
    test.persist()
    await test.log.deleteRecords(3n)
    await test.restartUncleanly()
    expect(test.partition.startOffset).toBe(2n)
    expect(abortedIn(test)).toEqual([[7n, 0n]])
  })

  test('leave an index beside their segment at a clean stop, none where nothing was aborted', async () => {
    const test = await TestLog.open()
    test.appendTransactional({})
    test.endTransaction()
    test.persist()
    await test.reopen()
    const indexes = async () => (await test.partition.checkpoints.list()).filter((name) => name.endsWith('.txnindex'))
    expect(await indexes()).toEqual([])
    test.appendTransactional({ baseSequence: 1 })
    test.endTransaction(abort)
    test.persist()
    await test.reopen()
    expect(await indexes()).toEqual(['00000000000000000000.txnindex'])
  })
})

describe('a producer whose batches were deleted', () => {
  async function onlyMarkerLeft(): Promise<TestLog> {
    const test = await TestLog.open({ config: { segmentBytes: 2 * batchBytes } })
    test.appendTransactional({ baseSequence: 0 })
    test.appendTransactional({ baseSequence: 1 })
    test.endTransaction({ coordinatorEpoch: 2 })
    test.persist()
    await test.log.deleteRecords(2n)
    return test
  }

  test('goes on where it was after a clean stop, which left a snapshot', async () => {
    const test = await onlyMarkerLeft()
    await test.reopen()
    expect(test.log.activeProducers()).toMatchObject([{ lastSequence: 1, coordinatorEpoch: 2 }])
    expect(() => test.append(sequenced(0, 3))).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }))
    expect(test.append(sequenced(0, 2))).toMatchObject({ baseOffset: 3n })
  })

  test('may go on anywhere after another stop: a false refusal would double its records', async () => {
    const test = await onlyMarkerLeft()
    await test.restartUncleanly()
    expect(test.append(sequenced(0, 2))).toMatchObject({ baseOffset: 3n })
    expect(() => test.append(sequenced(0, 4))).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }))
  })

  test('has its transaction open still, if a snapshot knows of it', async () => {
    const test = await TestLog.open({ config: { segmentBytes: 2 * batchBytes } })
    test.appendTransactional({})
    for (let count = 0; count < 3; count += 1) test.append()
    test.persist()
    await test.log.deleteRecords(3n)
    await test.reopen()
    expect(test.log).toMatchObject({ logStartOffset: 3n, highWatermark: 4n, lastStableOffset: 3n })
    test.endTransaction()
    test.persist()
    expect(test.log.lastStableOffset).toBe(5n)
  })
})

test('a batch that is recompressed remains part of its transaction', async () => {
  const test = await TestLog.open({ config: { compression: { type: 'gzip', level: -1 } } })
  test.appendTransactional({})
  test.persist()
  const [bytes] = await readAll(test, 'read_uncommitted')
  expect(new RecordBatch(bytes!)).toMatchObject({ isTransactional: true, compression: 'gzip' })
})
