import { describe, expect, test } from '@jest/globals'
import { LogStartOffsets } from './log-start-offsets.ts'
import { TestLog, testBatchBytes } from './test-log.ts'

describe('DeleteRecords', () => {
  test('moves the log start offset, into a batch too, and removes whole segments before it', async () => {
    const test = await TestLog.open({ config: { segmentBytes: testBatchBytes({ count: 2 }).length } })
    for (let count = 0; count < 3; count += 1) test.appendDurably({ count: 2 })
    expect(await test.log.deleteRecords(3n)).toBe(3n)
    expect(test.log.logStartOffset).toBe(3n)
    expect(test.partition.startOffset).toBe(2n)
  })

  test('before an offset that is gone already changes nothing', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 5 })
    await test.log.deleteRecords(3n)
    expect(await test.log.deleteRecords(1n)).toBe(3n)
  })

  test('-1 is the high watermark', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 5 })
    expect(await test.log.deleteRecords(-1n)).toBe(5n)
  })

  test('waits until what was written when it was asked is durable', async () => {
    const test = await TestLog.open()
    test.append({ count: 5 })
    test.partition.write()
    const deleted = test.log.deleteRecords(-1n)
    await test.endOfTurn()
    expect(test.log.logStartOffset).toBe(0n)
    test.partition.sync()
    expect(await deleted).toBe(5n)
  })

  test.each([-2n, 6n])('of offset %d is OFFSET_OUT_OF_RANGE', async (before) => {
    const test = await TestLog.open()
    test.appendDurably({ count: 5 })
    await expect(test.log.deleteRecords(before)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })

  test('of a topic that is compacted only is POLICY_VIOLATION', async () => {
    const test = await TestLog.open({ config: { compact: true, delete: false } })
    await expect(test.log.deleteRecords(0n)).rejects.toMatchObject({ code: 'POLICY_VIOLATION' })
  })

  test('holds after a restart', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 5 })
    await test.log.deleteRecords(3n)
    await test.reopen()
    expect(test.log.logStartOffset).toBe(3n)
    expect((await test.storage.files.load('log-start-offset-checkpoint'))?.toString()).toBe('0\n1\norders 3 3\n')
  })

  test('a log that lost more than its start goes on there: no offset is given twice', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 5 })
    await test.log.deleteRecords(5n)
    await test.partition.truncateTo(2n)
    await test.reopen()
    expect(test.log).toMatchObject({ logStartOffset: 5n, logEndOffset: 5n })
    expect(test.append().baseOffset).toBe(5n)
  })
})

describe('the log-start-offset-checkpoint', () => {
  test('is written once for all that change while it is being written', async () => {
    const test = await TestLog.open()
    let writes = 0
    const { files } = test.storage
    const offsets = await LogStartOffsets.load({
      list: () => files.list(),
      load: (name) => files.load(name),
      remove: (name) => files.remove(name),
      save: (name, bytes) => {
        writes += 1
        return files.save(name, bytes)
      },
    })
    const first = offsets.save('a', 0, 1n)
    await Promise.resolve()
    await Promise.all([first, offsets.save('a', 1, 2n), offsets.save('b', 0, 3n)])
    expect(writes).toBe(2)
    expect((await files.load('log-start-offset-checkpoint'))?.toString()).toBe('0\n3\na 0 1\na 1 2\nb 0 3\n')
  })

  test.each(['\n', '0\n2\na 0 1\n', '0\n1\na 0\n', '0\n1\na 0 -4\n', '9\n0\n'])('%j is refused', async (text) => {
    const { storage } = await TestLog.open()
    await storage.files.save('log-start-offset-checkpoint', Buffer.from(text))
    await expect(LogStartOffsets.load(storage.files)).rejects.toMatchObject({ kind: 'corrupt' })
  })

  test.each(['0\n0\n', ''])('%j has no entries: Kafka makes it empty', async (text) => {
    const { storage } = await TestLog.open()
    await storage.files.save('log-start-offset-checkpoint', Buffer.from(text))
    expect((await LogStartOffsets.load(storage.files)).get('a', 0)).toBe(0n)
  })
})
