import { describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import type { TestLog } from '../log/test-log.ts'
import { type Fetched, releaseRecords } from './fetch-service.ts'
import { TestFetch } from './test-fetch.ts'

const isolation = 'read_committed'

async function openFetch(): Promise<{ readonly test: TestFetch; readonly log: TestLog }> {
  const test = await TestFetch.open()
  return { test, log: test.logs[0]! }
}

/** What the partition is answered with, its records as their size; all is given back. */
async function answered(fetching: Promise<Fetched>) {
  const fetched = await fetching
  releaseRecords(fetched.partitions)
  fetched.release()
  const { error, lastStableOffset, abortedTransactions, records } = fetched.partitions[0]!
  return { error: error?.code, lastStableOffset, abortedTransactions, bytes: records.sizeBytes }
}

describe('a reader of committed records', () => {
  test('waits at an open transaction, and is answered as soon as its marker is durable', async () => {
    const { test, log } = await openFetch()
    log.appendTransactional({})
    log.persist()
    const fetching = test.fetch({ isolation })
    expect(await test.isAnswered(fetching)).toBe(false)
    log.endTransaction()
    log.partition.write()
    expect(await test.isAnswered(fetching)).toBe(false)
    log.partition.sync()
    expect(await test.isAnswered(fetching)).toBe(true)
    expect(await answered(fetching)).toMatchObject({ lastStableOffset: 2n, abortedTransactions: [] })
  })

  test('is woken when the transaction is lost with the tail of the log', async () => {
    const { test, log } = await openFetch()
    log.appendDurably()
    log.appendTransactional({})
    log.append()
    log.partition.write()
    const fetching = test.fetch({ isolation, partitions: [{ fetchOffset: 1n }] })
    log.partition.failWrite()
    while (!log.log.awaitsLeaderEpoch) await log.endOfTurn()
    log.log.becomeLeader(log.log.leaderEpoch + 1)
    log.partition.write()
    log.appendDurably()
    expect(await answered(fetching)).toMatchObject({ lastStableOffset: 2n })
  })

  test('is told of the aborted transactions that it meets, and only of those', async () => {
    const { test, log } = await openFetch()
    for (let baseSequence = 0; baseSequence < 3; baseSequence += 1) {
      log.appendTransactional({ baseSequence })
      log.endTransaction({ commit: baseSequence === 1 })
    }
    log.persist()
    const aborted = (firstOffset: bigint) => ({ producerId: 7n, firstOffset, lastOffset: firstOffset + 1n })
    const all = await answered(test.fetch({ isolation }))
    expect(all.abortedTransactions).toEqual([aborted(0n), aborted(4n)])
    const first = await answered(test.fetch({ isolation, maxBytes: 1 }))
    expect(first.abortedTransactions).toEqual([aborted(0n)])
    const rest = await answered(test.fetch({ isolation, partitions: [{ fetchOffset: 2n }] }))
    expect(rest.abortedTransactions).toEqual([aborted(4n)])
    const end = await answered(test.fetch({ isolation, maxWaitMs: 0, partitions: [{ fetchOffset: 6n }] }))
    expect(end).toMatchObject({ abortedTransactions: [], bytes: 0 })
  })

  test('is not given what was deleted while it was read: nobody knows any more what of it was aborted', async () => {
    const { test, log } = await openFetch()
    log.appendTransactional({})
    log.endTransaction({ commit: false })
    log.append()
    log.persist()
    const { partition } = log
    const read = partition.read.bind(partition)
    partition.read = async (...asked) => {
      const pieces = await read(...asked)
      await log.log.deleteRecords(2n)
      return pieces
    }
    expect(await answered(test.fetch({ isolation }))).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', bytes: 0 })
  })
})

test('a reader of all records is told of no aborted transactions, nor is one that is refused', async () => {
  const { test, log } = await openFetch()
  log.appendTransactional({})
  log.endTransaction({ commit: false })
  log.persist()
  const all = await answered(test.fetch())
  expect(all).toMatchObject({ lastStableOffset: 2n, abortedTransactions: null })
  expect(all.bytes).toBeGreaterThan(0)
  test.refusal = new KafkaError('NOT_LEADER_OR_FOLLOWER')
  expect(await answered(test.fetch({ isolation }))).toMatchObject({ lastStableOffset: -1n, abortedTransactions: null })
})
