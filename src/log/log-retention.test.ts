import { describe, expect, test } from '@jest/globals'
import { StorageError } from '../storage/storage.ts'
import { sequenced, snapshotsOf, startMs, TestLog, testBatchBytes } from './test-log.ts'

const batchBytes = testBatchBytes().length
const hourMs = 3_600_000

/** Segments of two batches each, made within a minute; all is durable. */
async function filled(batches: number, config: Parameters<typeof TestLog.open>[0] = {}): Promise<TestLog> {
  const test = await TestLog.open({ config: { segmentBytes: 2 * batchBytes, retentionMs: hourMs, ...config.config } })
  for (let count = 0; count < batches; count += 1) test.appendDurably()
  return test
}

const bordersOf = (test: TestLog) => test.partition.ranges().map(({ baseOffset }) => baseOffset)

describe('retention of a log', () => {
  test('moves the log start offset to the first segment that stays, and tells who watches', async () => {
    const test = await filled(2)
    await test.clock.advance(hourMs)
    for (let count = 0; count < 3; count += 1) test.appendDurably({ timestamps: [BigInt(startMs + hourMs)] })
    await test.log.applyRetention()
    expect(test.log.logStartOffset).toBe(0n)
    let told = 0
    test.log.watch(() => (told += 1))
    await test.clock.advance(1)
    await test.log.applyRetention()
    await test.endOfTurn()
    expect([test.log.logStartOffset, bordersOf(test), told]).toEqual([2n, [2n, 4n], 1])
    expect(() => test.log.read(1n, 'read_uncommitted', 1, true)).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }))
    expect(test.log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 5n })
  })

  test('empties a log whose records are all too old; it goes on where it was, after a restart too', async () => {
    const test = await filled(3)
    await test.clock.advance(hourMs + 1)
    await test.log.applyRetention()
    expect([test.log.logStartOffset, test.log.logEndOffset, bordersOf(test)]).toEqual([3n, 3n, [3n]])
    await test.reopen()
    expect([test.log.logStartOffset, test.log.logEndOffset]).toEqual([3n, 3n])
    expect(test.appendDurably().baseOffset).toBe(3n)
    await test.restartUncleanly()
    expect([test.log.logStartOffset, test.log.logEndOffset]).toEqual([3n, 4n])
  })

  test('leaves what is not durable yet', async () => {
    const test = await filled(2)
    test.append()
    await test.clock.advance(hourMs + 1)
    await test.log.applyRetention()
    expect(bordersOf(test)).toEqual([2n])
    test.persist()
    await test.log.applyRetention()
    expect(bordersOf(test)).toEqual([3n])
  })

  test('goes by the settings that hold now', async () => {
    const test = await filled(4, { config: { retentionMs: -1 } })
    await test.clock.advance(hourMs + 1)
    await test.log.applyRetention()
    expect(bordersOf(test)).toEqual([0n, 2n])
    test.log.configure({ ...test.config, retentionBytes: 2 * batchBytes })
    await test.log.applyRetention()
    expect(bordersOf(test)).toEqual([2n])
  })

  test('forgets no producer whose batches it deletes', async () => {
    const test = await filled(0)
    for (let sequence = 0; sequence < 3; sequence += 1) test.appendDurably(sequenced(0, sequence))
    await test.clock.advance(hourMs + 1)
    await test.log.applyRetention()
    expect(await snapshotsOf(test)).toEqual([3n])
    for (const restart of [() => test.restartUncleanly(), () => test.reopen()]) {
      await restart()
      expect(test.append(sequenced(0, 1))).toMatchObject({ duplicate: true, baseOffset: 1n })
      expect(() => test.append(sequenced(0, 7))).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }))
    }
  })

  test('forgets a producer that was idle for too long, though a start lies in between', async () => {
    const test = await filled(0)
    test.appendDurably(sequenced(0, 0))
    await test.clock.advance(86_400_000 - 1)
    await test.reopen()
    expect(test.log.activeProducers()).toHaveLength(1)
    await test.clock.advance(1)
    await test.reopen()
    expect(test.log.activeProducers()).toEqual([])
  })

  test('removes the snapshots that stand before the log', async () => {
    const test = await filled(5)
    expect(await snapshotsOf(test)).toEqual([2n, 4n])
    await test.log.deleteRecords(4n)
    expect(await snapshotsOf(test)).toEqual([4n])
  })

  test('deletes on a full disk, too, where the new start cannot be kept in its file', async () => {
    const test = await filled(5)
    await test.clock.advance(hourMs + 1)
    test.storage.files.save = () => Promise.reject(new StorageError('full', 'no space is left'))
    test.partition.checkpoints.save = () => Promise.reject(new StorageError('full', 'no space is left'))
    await test.log.applyRetention()
    expect([test.log.logStartOffset, bordersOf(test)]).toEqual([5n, [5n]])
    expect(test.appendDurably().baseOffset).toBe(5n)
  })

  test('deletes what it can where there is no room for a new segment', async () => {
    const test = await filled(5)
    await test.clock.advance(hourMs + 1)
    test.partition.roll = () => {
      throw new StorageError('full', 'no space is left')
    }
    await test.log.applyRetention()
    expect([test.log.logStartOffset, bordersOf(test)]).toEqual([4n, [4n]])
    await expect(test.log.applyRetention()).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
  })

  test('of a log that has failed or has no leader does nothing', async () => {
    const test = await filled(2)
    await test.clock.advance(hourMs + 1)
    test.log.resign()
    await test.log.applyRetention()
    expect(bordersOf(test)).toEqual([0n])
  })
})
