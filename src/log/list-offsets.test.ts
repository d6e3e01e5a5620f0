import { describe, expect, test } from '@jest/globals'
import { TestLog } from './test-log.ts'

const nothing = { offset: -1n, timestamp: -1n, leaderEpoch: -1 }

describe('the ends', () => {
  test('-1 is the high watermark with the leader epoch of now', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 3 })
    test.log.becomeLeader(4)
    expect(await test.log.listOffsets(-1n, 'read_uncommitted')).toEqual({ offset: 3n, timestamp: -1n, leaderEpoch: 4 })
    expect(await test.log.listOffsets(-1n, 'read_committed')).toEqual({ offset: 3n, timestamp: -1n, leaderEpoch: 4 })
  })

  test('-2 and -4 are the log start offset with the epoch of its records', async () => {
    const test = await TestLog.open()
    test.appendDurably({ count: 3 })
    test.log.becomeLeader(4)
    await test.log.deleteRecords(2n)
    for (const timestamp of [-2n, -4n]) {
      expect(await test.log.listOffsets(timestamp, 'read_uncommitted')).toEqual({ offset: 2n, timestamp: -1n, leaderEpoch: 0 })
    }
  })

  test('-5 and -6 are nothing, since no records are kept elsewhere', async () => {
    const test = await TestLog.open()
    test.appendDurably()
    for (const timestamp of [-5n, -6n]) expect(await test.log.listOffsets(timestamp, 'read_uncommitted')).toEqual(nothing)
  })
})

describe('by time', () => {
  test('the first record at or after it, in a batch of any codec', async () => {
    const test = await TestLog.open()
    test.appendDurably({ timestamps: [10n, 30n, 20n] })
    test.appendDurably({ timestamps: [40n, 50n], compression: 'gzip' })
    const find = (timestamp: bigint) => test.log.listOffsets(timestamp, 'read_uncommitted')
    expect(await find(0n)).toEqual({ offset: 0n, timestamp: 10n, leaderEpoch: 0 })
    expect(await find(15n)).toEqual({ offset: 1n, timestamp: 30n, leaderEpoch: 0 })
    expect(await find(45n)).toEqual({ offset: 4n, timestamp: 50n, leaderEpoch: 0 })
    expect(await find(51n)).toEqual(nothing)
  })

  test('no record below the log start offset', async () => {
    const test = await TestLog.open()
    test.appendDurably({ timestamps: [50n, 10n] })
    test.appendDurably({ timestamps: [20n, 60n] })
    await test.log.deleteRecords(1n)
    expect(await test.log.listOffsets(40n, 'read_uncommitted')).toMatchObject({ offset: 3n, timestamp: 60n })
  })

  test('with LogAppendTime the first record of the batch', async () => {
    const test = await TestLog.open({ config: { timestampType: 'LogAppendTime' } })
    const { logAppendTimeMs } = test.appendDurably({ timestamps: [1n, 2n] })
    const found = await test.log.listOffsets(5n, 'read_uncommitted')
    expect(found).toEqual({ offset: 0n, timestamp: logAppendTimeMs, leaderEpoch: 0 })
  })
})

describe('-3, the largest timestamp', () => {
  test('is the first record that has it', async () => {
    const test = await TestLog.open()
    test.appendDurably({ timestamps: [10n, 70n, 20n] })
    test.appendDurably({ timestamps: [40n, 70n] })
    expect(await test.log.listOffsets(-3n, 'read_uncommitted')).toEqual({ offset: 1n, timestamp: 70n, leaderEpoch: 0 })
  })

  test('is nothing in an empty log', async () => {
    const test = await TestLog.open()
    expect(await test.log.listOffsets(-3n, 'read_uncommitted')).toEqual(nothing)
  })

  test('is not a record below the log start offset', async () => {
    const test = await TestLog.open()
    test.appendDurably({ timestamps: [90n, 10n] })
    test.appendDurably({ timestamps: [20n, 30n] })
    await test.log.deleteRecords(1n)
    expect(await test.log.listOffsets(-3n, 'read_uncommitted')).toMatchObject({ offset: 3n, timestamp: 30n })
  })

  test('is not a record that is not durable yet', async () => {
    const test = await TestLog.open()
    test.appendDurably({ timestamps: [10n, 5n] })
    test.append({ timestamps: [99n] })
    expect(await test.log.listOffsets(-3n, 'read_uncommitted')).toMatchObject({ offset: 0n, timestamp: 10n })
  })
})

describe('who was answered can read', () => {
  test('every form waits until what was written when it was asked is durable, and for nothing later', async () => {
    const test = await TestLog.open()
    test.append({ timestamps: [10n] })
    test.partition.write()
    const answers: bigint[] = []
    const all = [-1n, -2n, -3n, 5n].map(async (timestamp) => {
      answers.push((await test.log.listOffsets(timestamp, 'read_uncommitted')).offset)
    })
    await test.endOfTurn()
    expect(answers).toEqual([])
    test.append({ timestamps: [20n] })
    test.partition.sync()
    await Promise.all(all)
    expect(answers.sort()).toEqual([0n, 0n, 0n, 1n])
  })

  test('a failed log rejects it', async () => {
    const test = await TestLog.open()
    test.append()
    test.partition.write()
    const answer = test.log.listOffsets(-1n, 'read_uncommitted')
    test.partition.failWrite()
    await expect(answer).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
  })
})
