import { afterEach, describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import type { TestLog } from '../log/test-log.ts'
import { type Fetched, releaseRecords } from './fetch-service.ts'
import { TestCaller, TestFetch } from './test-fetch.ts'

const open: TestFetch[] = []

async function openFetch(...options: Parameters<typeof TestFetch.open>): Promise<TestFetch> {
  const test = await TestFetch.open(...options)
  open.push(test)
  return test
}

afterEach(() => {
  for (const test of open.splice(0)) {
    expect(test.outgoing.reservedBytes).toBe(0)
    expect(test.outgoing.hasWaiting).toBe(false)
    expect(test.real.timerCount).toBe(0)
    expect(test.caller.waiting).toBe(0)
  }
})

/** What one batch of `testBatchBytes` with a single record takes. */
async function batchBytesOf(log: TestLog): Promise<number> {
  log.appendDurably()
  return log.log.available(log.log.logEndOffset - 1n, 'read_uncommitted', 1 << 20)
}

describe('waiting for records', () => {
  test('a fetch with nothing to read is answered empty when max_wait is over', async () => {
    const test = await openFetch()
    const fetching = test.fetch({ maxWaitMs: 500 })
    await test.real.advance(499)
    expect(await test.isAnswered(fetching)).toBe(false)
    await test.real.advance(1)
    expect(await test.sizes(fetching)).toEqual([0])
  })

  test('max_wait 0 is answered at once, and so is a fetch of no partitions', async () => {
    const test = await openFetch()
    expect(await test.sizes(test.fetch({ maxWaitMs: 0 }))).toEqual([0])
    expect(await test.sizes(test.fetch({ partitions: [] }))).toEqual([])
  })

  test('min_bytes 0 does not wait', async () => {
    const test = await openFetch()
    expect(await test.sizes(test.fetch({ minBytes: 0 }))).toEqual([0])
  })

  test('an append wakes it', async () => {
    const test = await openFetch(2)
    const fetching = test.fetch({ partitions: [{ partition: 0 }, { partition: 1 }] })
    expect(await test.isAnswered(fetching)).toBe(false)
    test.logs[1]?.appendDurably()
    expect(await test.isAnswered(fetching)).toBe(true)
    const [none, some] = await test.sizes(fetching)
    expect([none, (some ?? 0) > 0]).toEqual([0, true])
  })

  test('min_bytes counts what all partitions have together', async () => {
    const test = await openFetch(2)
    const bytes = await batchBytesOf(test.logs[0] as TestLog)
    const fetching = test.fetch({ minBytes: 2 * bytes, partitions: [{ partition: 0 }, { partition: 1 }] })
    expect(await test.isAnswered(fetching)).toBe(false)
    test.logs[1]?.appendDurably()
    expect(await test.isAnswered(fetching)).toBe(true)
    expect(await test.sizes(fetching)).toEqual([bytes, bytes])
  })

  test('min_bytes beyond what an answer may hold is satisfied by a full answer', async () => {
    const test = await openFetch()
    const bytes = await batchBytesOf(test.logs[0] as TestLog)
    expect(await test.sizes(test.fetch({ minBytes: 1 << 30, maxBytes: bytes }))).toEqual([bytes])
  })

  test('an error in one partition is answered at once with what the others have', async () => {
    const test = await openFetch()
    const fetched = await test.fetch({ minBytes: 1 << 20, partitions: [{ partition: 0 }, { partition: 7 }] })
    expect(fetched.partitions.map(({ error }) => error?.code ?? 'NONE')).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    fetched.release()
  })

  test('a change of leadership ends the wait with the error', async () => {
    const test = await openFetch()
    const fetching = test.fetch()
    expect(await test.isAnswered(fetching)).toBe(false)
    test.refusal = new KafkaError('NOT_LEADER_OR_FOLLOWER')
    test.logs[0]?.log.resign()
    const { partitions, release } = await fetching
    expect(partitions[0]).toMatchObject({
      error: { code: 'NOT_LEADER_OR_FOLLOWER' },
      highWatermark: -1n,
      lastStableOffset: -1n,
      logStartOffset: -1n,
    })
    release()
  })

  test('the deletion of the topic ends the wait with the error', async () => {
    const test = await openFetch()
    const fetching = test.fetch()
    expect(await test.isAnswered(fetching)).toBe(false)
    const [deleted] = test.logs.splice(0)
    await deleted?.log.delete()
    const { partitions, release } = await fetching
    expect(partitions[0]?.error?.code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    release()
  })

  test('a client that goes away ends the wait and reads nothing', async () => {
    const test = await openFetch()
    const fetching = test.fetch({ maxWaitMs: 2_147_483_647 })
    expect(await test.isAnswered(fetching)).toBe(false)
    test.caller.close()
    const { partitions, release } = await fetching
    expect(partitions).toEqual([])
    release()
  })

  test('a client that had gone before is not waited for', async () => {
    const test = await openFetch()
    test.caller.close()
    expect(await test.sizes(test.fetch({ maxWaitMs: 2_147_483_647 }))).toEqual([])
  })
})

describe('records that are written and not durable yet', () => {
  test('an empty answer waits for those that were written when the request came, even with max_wait 0', async () => {
    const test = await openFetch()
    const log = test.logs[0] as TestLog
    log.append()
    log.partition.write()
    const fetching = test.fetch({ maxWaitMs: 0 })
    expect(await test.isAnswered(fetching)).toBe(false)
    log.partition.sync()
    expect(await test.isAnswered(fetching)).toBe(true)
    expect((await test.sizes(fetching))[0]).toBeGreaterThan(0)
  })

  test('it waits for them beyond max_wait', async () => {
    const test = await openFetch()
    const log = test.logs[0] as TestLog
    log.append()
    log.partition.write()
    const fetching = test.fetch({ maxWaitMs: 100 })
    await test.real.advance(1000)
    expect(await test.isAnswered(fetching)).toBe(false)
    log.partition.sync()
    expect((await test.sizes(fetching))[0]).toBeGreaterThan(0)
  })

  test('it does not wait for what is written later', async () => {
    const test = await openFetch()
    const log = test.logs[0] as TestLog
    const fetching = test.fetch({ maxWaitMs: 100 })
    log.append()
    log.partition.write()
    await test.real.advance(100)
    expect(await test.sizes(fetching)).toEqual([0])
    log.partition.sync()
  })

  test('bytes from any partition are given without waiting for the others', async () => {
    const test = await openFetch(2)
    test.logs[0]?.appendDurably()
    const log = test.logs[1] as TestLog
    log.append()
    log.partition.write()
    const sizes = await test.sizes(test.fetch({ maxWaitMs: 0, partitions: [{ partition: 0 }, { partition: 1 }] }))
    expect(sizes[0]).toBeGreaterThan(0)
    expect(sizes[1]).toBe(0)
    log.partition.sync()
  })
})

describe('where a fetch begins', () => {
  test('the end of the log waits, beyond it and below its start is OFFSET_OUT_OF_RANGE', async () => {
    const test = await openFetch()
    const log = test.logs[0] as TestLog
    for (let count = 0; count < 3; count++) log.appendDurably()
    await log.log.deleteRecords(2n)
    const errorAt = async (fetchOffset: bigint): Promise<string> => {
      const fetched = await test.fetch({ maxWaitMs: 0, partitions: [{ fetchOffset }] })
      releaseRecords(fetched.partitions)
      fetched.release()
      return fetched.partitions[0]?.error?.code ?? 'NONE'
    }
    expect(await Promise.all([1n, 2n, 3n, 4n, -1n].map(errorAt))).toEqual([
      'OFFSET_OUT_OF_RANGE',
      'NONE',
      'NONE',
      'OFFSET_OUT_OF_RANGE',
      'OFFSET_OUT_OF_RANGE',
    ])
  })

  test('a client whose log parts from ours is told where, without waiting and without records', async () => {
    const test = await openFetch()
    const log = test.logs[0] as TestLog
    log.appendDurably()
    log.log.becomeLeader(5)
    log.appendDurably()
    const { partitions, release } = await test.fetch({
      minBytes: 1 << 20,
      partitions: [{ fetchOffset: 2n, lastFetchedEpoch: 0 }],
    })
    expect(partitions[0]).toMatchObject({ error: null, divergingEpoch: { epoch: 0, endOffset: 1n }, highWatermark: 2n })
    expect(partitions[0]?.records.sizeBytes).toBe(0)
    release()
  })

  test('below the start of the log a diverging client too is out of range', async () => {
    const test = await openFetch()
    const log = test.logs[0] as TestLog
    for (let count = 0; count < 3; count++) log.appendDurably()
    log.log.becomeLeader(5)
    log.appendDurably()
    await log.log.deleteRecords(4n)
    const { partitions, release } = await test.fetch({ partitions: [{ fetchOffset: 3n, lastFetchedEpoch: 0 }] })
    expect(partitions[0]?.error?.code).toBe('OFFSET_OUT_OF_RANGE')
    release()
  })
})

describe('how much a fetch gives', () => {
  async function filled(partitions: number, batches: number, outgoingBytesMax?: number, fetchBytesMax?: number) {
    const test = await openFetch(partitions, outgoingBytesMax, fetchBytesMax)
    let bytes = 0
    for (const log of test.logs) for (let count = 0; count < batches; count++) bytes = await batchBytesOf(log)
    return { test, bytes, all: test.logs.map((_, partition) => ({ partition })) }
  }

  test('whole batches up to the limit of the partition and of the request', async () => {
    const { test, bytes, all } = await filled(2, 4)
    expect(await test.sizes(test.fetch({ partitions: all }))).toEqual([4 * bytes, 4 * bytes])
    const limited = all.map(({ partition }) => ({ partition, maxBytes: 3 * bytes - 1 }))
    expect(await test.sizes(test.fetch({ partitions: limited }))).toEqual([2 * bytes, 2 * bytes])
    expect(await test.sizes(test.fetch({ partitions: all, maxBytes: 5 * bytes }))).toEqual([4 * bytes, bytes])
  })

  test('fetch.max.bytes limits what a client may ask for', async () => {
    const { bytes } = await filled(1, 1)
    const { test, all } = await filled(1, 4, undefined, 2 * bytes)
    expect(await test.sizes(test.fetch({ partitions: all }))).toEqual([2 * bytes])
  })

  test('the first batch is given however small the limits are (KIP-74), and no second one', async () => {
    const { test, bytes, all } = await filled(2, 2)
    expect(await test.sizes(test.fetch({ partitions: all, maxBytes: 1 }))).toEqual([bytes, 0])
    expect(await test.sizes(test.fetch({ partitions: all, maxBytes: 0 }))).toEqual([bytes, 0])
    const tiny = all.map(({ partition }) => ({ partition, maxBytes: 1 }))
    expect(await test.sizes(test.fetch({ partitions: tiny }))).toEqual([bytes, 0])
    const emptyFirst = [{ partition: 0, fetchOffset: 2n }, { partition: 1 }]
    expect(await test.sizes(test.fetch({ partitions: emptyFirst, maxBytes: 1 }))).toEqual([0, bytes])
  })

  test('the first partition of the request is served first', async () => {
    const { test, bytes } = await filled(2, 2)
    const partitions = [{ partition: 1 }, { partition: 0 }]
    const fetched = await test.fetch({ partitions, maxBytes: bytes })
    expect(fetched.partitions.map(({ partition, records }) => [partition, records.sizeBytes])).toEqual([
      [1, bytes],
      [0, 0],
    ])
    releaseRecords(fetched.partitions)
    fetched.release()
  })

  test('short of room for answers it gives less, without any it waits, in turn', async () => {
    const { bytes } = await filled(1, 1)
    const { test, all } = await filled(1, 10, 7 * bytes)
    const first = await test.fetch({ partitions: all, maxBytes: 5 * bytes })
    expect(test.outgoing.reservedBytes).toBe(5 * bytes)
    const second = await test.fetch({ partitions: all, maxBytes: 5 * bytes })
    expect(second.partitions[0]?.records.sizeBytes).toBe(2 * bytes)
    const waiting = [test.fetch({ partitions: all }), test.fetch({ partitions: all })]
    for (const fetching of waiting) expect(await test.isAnswered(fetching)).toBe(false)
    expect(test.roomWaits).toBe(2)
    releaseRecords(second.partitions)
    second.release()
    const third = await (waiting[0] as Promise<Fetched>)
    expect(third.partitions[0]?.records.sizeBytes).toBe(2 * bytes)
    expect(await test.isAnswered(waiting[1] as Promise<Fetched>)).toBe(false)
    for (const fetched of [first, third]) {
      releaseRecords(fetched.partitions)
      fetched.release()
    }
    expect(await test.sizes(waiting[1] as Promise<Fetched>)).toEqual([5 * bytes])
  })

  test('many that wait for room go beyond the limit by one batch at the most', async () => {
    const { bytes } = await filled(1, 1)
    const { test, all } = await filled(1, 10, 2 * bytes + 1)
    const fetches = Array.from({ length: 50 }, () => test.fetch({ partitions: all }))
    let answered = 0
    let most = 0
    for (const fetching of fetches) {
      const fetched = await fetching
      most = Math.max(most, test.outgoing.reservedBytes)
      answered++
      releaseRecords(fetched.partitions)
      fetched.release()
    }
    expect(answered).toBe(50)
    expect(most).toBeLessThanOrEqual(3 * bytes + 1)
  })

  test('a client that goes away while it waits for room gives its place up', async () => {
    const { bytes } = await filled(1, 1)
    const { test, all } = await filled(1, 2, bytes)
    const first = await test.fetch({ partitions: all })
    const [gone, stays] = [new TestCaller(), new TestCaller()]
    const fetches = [test.fetch({ partitions: all }, gone), test.fetch({ partitions: all }, stays)]
    await test.turn()
    gone.close()
    expect(await test.sizes(fetches[0] as Promise<Fetched>)).toEqual([])
    releaseRecords(first.partitions)
    first.release()
    expect(await test.sizes(fetches[1] as Promise<Fetched>)).toEqual([bytes])
    expect(stays.waiting).toBe(0)
  })

  test('a fetch that has nothing to read waits for nobody', async () => {
    const { bytes } = await filled(1, 1)
    const { test, all } = await filled(1, 1, bytes)
    const first = await test.fetch({ partitions: all })
    expect(await test.sizes(test.fetch({ maxWaitMs: 0, partitions: [{ fetchOffset: 1n }] }))).toEqual([0])
    releaseRecords(first.partitions)
    first.release()
  })
})
