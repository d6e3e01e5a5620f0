import { describe, expect, test } from '@jest/globals'
import { StorageError } from '../storage/storage.ts'
import type { PartitionLog } from './partition-log.ts'
import { TestLog } from './test-log.ts'

/** Which syncs were asked for, each ended by the test. */
function flushesOf(test: TestLog): { readonly open: ((error?: Error) => void)[] } {
  const open: ((error?: Error) => void)[] = []
  test.partition.flush = () =>
    new Promise((resolve, reject) => {
      open.push((error) => (error === undefined ? resolve() : reject(error)))
    })
  return { open }
}

async function paged(flushMessages: number, flushMs = 2 ** 63) {
  const test = await TestLog.open({ durability: 'page-cache', config: { flushMessages, flushMs } })
  return { test, flushes: flushesOf(test) }
}

async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  const pending = Symbol()
  return (await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(pending)))])) !== pending
}

describe('flush.messages with durability=page-cache', () => {
  test('holds the batch with which it is full back until it is synced, as Kafka syncs within the append', async () => {
    const { test, flushes } = await paged(3)
    test.append({ count: 2 })
    test.append({ count: 1 })
    const [written, counted] = [test.log.whenWritten(3n), test.log.whenDurable(3n)]
    test.partition.write()
    expect([test.log.highWatermark, flushes.open.length]).toEqual([2n, 1])
    expect([await isSettled(written), await isSettled(counted)]).toEqual([false, false])
    flushes.open[0]!()
    await Promise.all([written, counted])
    expect(test.log.highWatermark).toBe(3n)
  })

  test('syncs again what came meanwhile, if that is full again', async () => {
    const { test, flushes } = await paged(2)
    test.append({ count: 2 })
    test.partition.write()
    test.append({ count: 1 })
    test.append({ count: 1 })
    test.partition.write()
    flushes.open[0]!()
    await test.endOfTurn()
    expect([test.log.highWatermark, flushes.open.length]).toEqual([2n, 2])
    flushes.open[1]!()
    await test.endOfTurn()
    expect(test.log.highWatermark).toBe(4n)
  })

  test('leaves a log alone whose records are fewer', async () => {
    const { test, flushes } = await paged(100)
    test.append({ count: 99 })
    test.partition.write()
    expect([test.log.highWatermark, flushes.open.length]).toEqual([99n, 0])
  })

  test('fails the log where the sync fails: nobody is told that the batch is there', async () => {
    const { test, flushes } = await paged(1)
    test.append()
    const counted = test.log.whenDurable(1n)
    test.partition.write()
    flushes.open[0]!(new StorageError('io', 'the disk does not answer'))
    await expect(counted).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    while (!test.log.awaitsLeaderEpoch) await test.endOfTurn()
    expect([test.log.logEndOffset, test.log.takesAppends]).toEqual([0n, false])
    test.log.becomeLeader(1)
    expect(test.append().baseOffset).toBe(0n)
  })
})

describe('flush.ms with durability=page-cache', () => {
  const due = async ({ log }: { readonly log: PartitionLog }, flushes: { readonly open: (() => void)[] }) => {
    const flushed = log.flushIfDue()
    for (const end of flushes.open.splice(0)) end()
    await flushed
  }

  test('syncs what is older, and nothing where nothing came since', async () => {
    const { test, flushes } = await paged(2 ** 63, 1000)
    test.append()
    test.partition.write()
    let asked = 0
    const { flush } = test.partition
    test.partition.flush = () => {
      asked += 1
      return flush()
    }
    await test.clock.advance(999)
    await due(test, flushes)
    expect(asked).toBe(0)
    await test.clock.advance(1)
    await due(test, flushes)
    expect(asked).toBe(1)
    await test.clock.advance(1000)
    await due(test, flushes)
    expect(asked).toBe(1)
    expect(test.log.highWatermark).toBe(1n)
  })

  test('asks for nothing where all is synced anyway', async () => {
    const test = await TestLog.open({ config: { flushMessages: 1, flushMs: 1 } })
    const flushes = flushesOf(test)
    test.appendDurably()
    await test.clock.advance(10)
    await test.log.flushIfDue()
    expect([flushes.open.length, test.log.highWatermark]).toEqual([0, 1n])
  })
})
