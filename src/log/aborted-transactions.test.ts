import { describe, expect, test } from '@jest/globals'
import { MemoryNamedBytes } from '../storage/memory/memory-named-bytes.ts'
import { AbortedTransactions } from './aborted-transactions.ts'
import { saveTransactionIndexes } from './transaction-indexes.ts'
import { Transactions } from './transactions.ts'

const entry = (producerId: bigint, firstOffset: bigint, lastOffset: bigint) => ({ producerId, firstOffset, lastOffset })

/** 1 lies within 2; 3 comes after both. */
function index(): AbortedTransactions {
  const aborted = new AbortedTransactions()
  aborted.add(entry(1n, 12n, 15n), 10n)
  aborted.add(entry(2n, 10n, 18n), 19n)
  aborted.add(entry(3n, 30n, 34n), 35n)
  return aborted
}

describe('aborted transactions', () => {
  const producersOf = (from: bigint, end: bigint) =>
    index()
      .within(from, end)
      .map(({ producerId }) => producerId)

  test('are found where they overlap a range, by their first offset', () => {
    expect(producersOf(0n, 100n)).toEqual([2n, 1n, 3n])
    expect(producersOf(0n, 11n)).toEqual([2n])
    expect(producersOf(0n, 10n)).toEqual([])
    expect(producersOf(15n, 16n)).toEqual([2n, 1n])
    expect(producersOf(16n, 31n)).toEqual([2n, 3n])
    expect(producersOf(19n, 30n)).toEqual([])
    expect(producersOf(34n, 35n)).toEqual([3n])
    expect(producersOf(35n, 40n)).toEqual([])
  })

  test('whose records compaction has removed are forgotten, of the ranges that it has replaced', () => {
    const aborted = index()
    aborted.keepOf(0n, 30n, [entry(2n, 10n, 18n)])
    expect(aborted.within(0n, 100n)).toEqual([entry(2n, 10n, 18n), entry(3n, 30n, 34n)])
    aborted.keepOf(30n, 35n, [])
    expect(aborted.within(0n, 100n)).toEqual([entry(2n, 10n, 18n)])
    expect(aborted.count).toBe(1)
  })

  test('that ended below an offset are forgotten', () => {
    const aborted = index()
    aborted.removeBefore(16n)
    expect(aborted.within(0n, 100n).map(({ producerId }) => producerId)).toEqual([2n, 3n])
    aborted.removeBefore(100n)
    expect(aborted.count).toBe(0)
    aborted.add(entry(4n, 40n, 41n), 42n)
    expect(aborted.within(0n, 100n)).toEqual([entry(4n, 40n, 41n)])
  })

  test('of a log that turns out to have been less stable are all found', () => {
    const aborted = index()
    aborted.wereStableUpTo(5n)
    aborted.add(entry(4n, 5n, 40n), 41n)
    expect(aborted.within(0n, 6n).map(({ producerId }) => producerId)).toEqual([4n])
  })

  test('may be many', () => {
    const aborted = new AbortedTransactions()
    for (let offset = 0n; offset < 1000n; offset += 2n) aborted.add(entry(offset, offset, offset + 1n), offset + 2n)
    expect(aborted.within(500n, 504n)).toEqual([entry(500n, 500n, 501n), entry(502n, 502n, 503n)])
    expect(aborted.anyFrom(999n)).toBe(true)
    expect(aborted.anyFrom(1000n)).toBe(false)
  })
})

describe("Kafka's .txnindex", () => {
  const range = (baseOffset: bigint, endOffset: bigint) => ({
    baseOffset,
    endOffset,
    sizeBytes: 1,
    maxTimestamp: 0n,
    createdMs: 0,
  })

  test('stands beside each segment in which a transaction was aborted, and no other', async () => {
    const files = new MemoryNamedBytes()
    await files.save('00000000000000000005.txnindex', Buffer.from('of a segment that is gone'))
    await saveTransactionIndexes(files, index(), [range(0n, 16n), range(16n, 20n), range(20n, 33n), range(33n, 40n)])
    expect([...(await files.list())].sort()).toEqual([
      '00000000000000000000.txnindex',
      '00000000000000000016.txnindex',
      '00000000000000000033.txnindex',
    ])
    const bytes = await files.load('00000000000000000016.txnindex')
    expect(bytes?.toString('hex')).toBe(
      ['0000', '0000000000000002', '000000000000000a', '0000000000000012', '0000000000000013'].join(''),
    )
  })
})

describe('the first unstable offset', () => {
  test('is that of the earliest open transaction', () => {
    const transactions = new Transactions()
    expect(transactions.firstUnstableOffset(100n)).toBeNull()
    transactions.begin(1n, 10n)
    transactions.begin(2n, 12n)
    expect(transactions.firstUnstableOffset(100n)).toBe(10n)
    transactions.end(1n, 10n, 20n, true)
    expect(transactions.firstUnstableOffset(21n)).toBe(12n)
  })

  test('stays at a transaction that has ended until its marker is below the high watermark', () => {
    const transactions = new Transactions()
    transactions.begin(1n, 10n)
    transactions.begin(2n, 12n)
    transactions.end(2n, 12n, 15n, true)
    transactions.end(1n, 10n, 16n, true)
    transactions.begin(3n, 17n)
    expect(transactions.firstUnstableOffset(15n)).toBe(10n)
    expect(transactions.firstUnstableOffset(16n)).toBe(10n)
    expect(transactions.firstUnstableOffset(17n)).toBe(17n)
  })
})
