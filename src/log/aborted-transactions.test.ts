import { describe, expect, test } from '@jest/globals'
import { AbortedTransactions } from './aborted-transactions.ts'
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

  test('may be many', () => {
    const aborted = new AbortedTransactions()
    for (let offset = 0n; offset < 1000n; offset += 2n) aborted.add(entry(offset, offset, offset + 1n), offset + 2n)
    expect(aborted.within(500n, 504n)).toEqual([entry(500n, 500n, 501n), entry(502n, 502n, 503n)])
    expect(aborted.anyFrom(999n)).toBe(true)
    expect(aborted.anyFrom(1000n)).toBe(false)
  })
})

describe("Kafka's .txnindex", () => {
  test('has its layout', () => {
    expect(index().encode(16n, 20n).toString('hex')).toBe(
      ['0000', '0000000000000002', '000000000000000a', '0000000000000012', '0000000000000013'].join(''),
    )
    expect(index().encode(20n, 30n)).toHaveLength(0)
  })

  test('tells what was aborted in a segment, up to where it is believed', () => {
    const aborted = new AbortedTransactions()
    expect(aborted.addIndex(index().encode(0n, 20n), 0n, 20n)).toBe('all')
    expect(aborted.addIndex(index().encode(20n, 40n), 20n, 34n)).toBe('some')
    expect(aborted.within(0n, 100n)).toEqual([entry(2n, 10n, 18n), entry(1n, 12n, 15n)])
  })

  const sound = index().encode(0n, 40n)
  const changed = (at: number, byte: number): Buffer => {
    const bytes = Buffer.from(sound)
    bytes[at] = byte
    return bytes
  }
  const broken: readonly [string, Buffer, bigint][] = [
    ['ends within an entry', sound.subarray(0, 60), 0n],
    ['is of an unknown version', changed(1, 1), 0n],
    ['tells of a marker below its segment', sound, 16n],
    ['tells of a transaction that ends before it begins', changed(17, 99), 0n],
    ['goes back', Buffer.concat([sound, sound]), 0n],
  ]
  test.each(broken)('is not believed where it %s', (_what, bytes, base) => {
    const aborted = new AbortedTransactions()
    expect(aborted.addIndex(bytes, base, 1000n)).toBe('none')
    expect(aborted.count).toBe(0)
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
