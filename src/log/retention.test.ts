import { describe, expect, test } from '@jest/globals'
import type { StorageRange } from '../storage/storage.ts'
import { type RetainedLog, retentionOf } from './retention.ts'
import { defaultLogConfig } from './test-log.ts'

const nowMs = 1_000_000
const keepAll = { ...defaultLogConfig, retentionMs: -1, retentionBytes: -1 }

/** Segments of 10 offsets each, from [size, largest timestamp] on. */
function logOf(segments: readonly (readonly [number, number])[], others: Partial<RetainedLog> = {}): RetainedLog {
  const ranges: StorageRange[] = segments.map(([sizeBytes, maxTimestamp], index) => ({
    baseOffset: BigInt(index * 10),
    endOffset: BigInt(index * 10 + (sizeBytes === 0 ? 0 : 10)),
    sizeBytes,
    maxTimestamp: BigInt(maxTimestamp),
    createdMs: 900_000 + index * 1000,
  }))
  return { ranges, logStartOffset: 0n, highWatermark: 1000n, lastAppendMs: 0, ...others }
}

describe('retention.ms', () => {
  const config = { ...keepAll, retentionMs: 1000 }

  test('lets segments go whose newest record is older', () => {
    const { expired } = retentionOf(
      logOf([
        [5, 998_999],
        [5, 998_998],
        [5, 999_000],
        [5, 1],
      ]),
      config,
      nowMs,
    )
    expect(expired).toEqual({ before: 20n, count: 2, sizeBytes: 10, because: ['retention.ms'] })
  })

  test('lets the active segment go too', () => {
    expect(
      retentionOf(
        logOf([
          [5, 1],
          [5, 2],
        ]),
        config,
        nowMs,
      ).expired,
    ).toMatchObject({ before: 20n, count: 2 })
  })

  test('leaves an empty active segment', () => {
    expect(
      retentionOf(
        logOf([
          [5, 1],
          [0, -1],
        ]),
        config,
        nowMs,
      ).expired,
    ).toMatchObject({ before: 10n, count: 1 })
    expect(retentionOf(logOf([[0, -1]]), config, nowMs).expired).toBeNull()
  })

  test('leaves what lies at or above the high watermark', () => {
    expect(
      retentionOf(
        logOf(
          [
            [5, 1],
            [5, 1],
          ],
          { highWatermark: 19n },
        ),
        config,
        nowMs,
      ).expired,
    ).toMatchObject({ before: 10n })
    expect(retentionOf(logOf([[5, 1]], { highWatermark: 9n }), config, nowMs).expired).toBeNull()
  })

  test('goes by when a segment was last written to, where its records have no time', () => {
    const untimed: readonly (readonly [number, number])[] = [
      [5, -1],
      [5, -1],
      [5, -1],
    ]
    // The second one was made at 901000: until then the first was written to.
    expect(retentionOf(logOf(untimed), { ...keepAll, retentionMs: 98_999 }, nowMs).expired).toMatchObject({ count: 1 })
    expect(retentionOf(logOf(untimed), { ...keepAll, retentionMs: 99_000 }, nowMs).expired).toBeNull()
    const active = logOf([[5, -1]], { lastAppendMs: 999_500 })
    expect(retentionOf(active, config, nowMs).expired).toBeNull()
    expect(retentionOf(active, config, nowMs + 501).expired).toMatchObject({ count: 1 })
  })

  test('does not let a segment go with a record from the future, nor those behind it', () => {
    const { expired, heldByFuture } = retentionOf(
      logOf([
        [5, 1],
        [5, nowMs + 1],
        [5, 1],
      ]),
      config,
      nowMs,
    )
    expect(expired).toMatchObject({ before: 10n })
    expect(heldByFuture?.baseOffset).toBe(10n)
  })

  test('of -1 keeps all', () => {
    expect(retentionOf(logOf([[5, 1]]), keepAll, nowMs).expired).toBeNull()
  })
})

describe('retention.bytes', () => {
  test('lets segments go without which the log is still as large', () => {
    const log = logOf([
      [10, 1],
      [10, 1],
      [10, 1],
    ])
    const countBy = (retentionBytes: number) => retentionOf(log, { ...keepAll, retentionBytes }, nowMs).expired?.count ?? 0
    expect([31, 30, 21, 20, 11, 10, 1, 0, -1].map(countBy)).toEqual([0, 0, 0, 1, 1, 2, 2, 3, 0])
  })

  test('and retention.ms: either is enough', () => {
    const config = { ...keepAll, retentionBytes: 30, retentionMs: 1000 }
    const { expired } = retentionOf(
      logOf([
        [10, nowMs],
        [10, 1],
        [10, nowMs],
        [10, nowMs],
      ]),
      config,
      nowMs,
    )
    expect(expired).toEqual({ before: 20n, count: 2, sizeBytes: 20, because: ['retention.bytes', 'retention.ms'] })
  })
})

describe('the log start offset', () => {
  const log = logOf(
    [
      [10, 1],
      [10, 1],
      [10, 1],
    ],
    { logStartOffset: 25n },
  )
  const below = { before: 20n, count: 2, sizeBytes: 20, because: ['log start offset'] }

  test('lets segments go that lie wholly below it, whatever the policy', () => {
    for (const policy of [
      { compact: false, delete: true },
      { compact: true, delete: false },
      { compact: false, delete: false },
    ]) {
      expect(retentionOf(log, { ...keepAll, ...policy }, nowMs).expired).toEqual(below)
    }
  })

  test('leaves the last segment', () => {
    expect(retentionOf(logOf([[10, 1]], { logStartOffset: 10n }), keepAll, nowMs).expired).toBeNull()
  })
})

describe('cleanup.policy', () => {
  const config = { ...keepAll, retentionMs: 1000, retentionBytes: 0 }
  const count = (compact: boolean, deletes: boolean) =>
    retentionOf(
      logOf([
        [10, 1],
        [10, 1],
      ]),
      { ...config, compact, delete: deletes },
      nowMs,
    ).expired?.count ?? 0

  test('compact keeps what time and size would let go, and so does an empty one', () => {
    expect([count(true, false), count(false, false)]).toEqual([0, 0])
  })

  test('compact,delete lets it go', () => {
    expect([count(true, true), count(false, true)]).toEqual([2, 2])
  })
})
