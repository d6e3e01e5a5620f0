import { describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import { readVectors } from '../../protocol/vectors/read-vectors.ts'
import { seededRandom } from '../environment/random.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { type FetchedPartition, type FetchPartition, partitionKey } from './fetch-query.ts'
import { nextSessionEpoch } from './fetch-session.ts'
import { type FetchSessionRequest, FetchSessions } from './fetch-sessions.ts'

const initial = 0
const final = -1

const wanted = (partition: number, fetchOffset = 0n): FetchPartition => ({
  topic: { name: 'orders' },
  partition,
  fetchOffset,
  maxBytes: 1_000_000,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
})

const keyOf = (partition: number): string => partitionKey({ name: 'orders' }, partition)

interface Read {
  readonly highWatermark?: bigint
  readonly logStartOffset?: bigint
  readonly bytes?: number
  readonly error?: KafkaError
  readonly divergingEpoch?: FetchedPartition['divergingEpoch']
}

function fetched(partition: number, read: Read = {}): FetchedPartition {
  const error = read.error ?? null
  return {
    topic: { name: 'orders' },
    partition,
    error,
    highWatermark: error === null ? (read.highWatermark ?? 10n) : -1n,
    lastStableOffset: error === null ? (read.highWatermark ?? 10n) : -1n,
    logStartOffset: error === null ? (read.logStartOffset ?? 0n) : -1n,
    divergingEpoch: read.divergingEpoch ?? null,
    abortedTransactions: null,
    records: new OwnedRecords(Buffer.alloc(read.bytes ?? 0)),
  }
}

class TestSessions {
  readonly clock = new SimulatedClock()
  readonly sessions: FetchSessions

  constructor(slots = 10) {
    this.sessions = new FetchSessions({ slots, clock: this.clock, random: seededRandom(1) })
  }

  begin(
    sessionId: number,
    sessionEpoch: number,
    partitions: readonly FetchPartition[] = [],
    more: Partial<FetchSessionRequest> = {},
  ) {
    return this.sessions.begin({ sessionId, sessionEpoch, partitions, forgotten: [], usesTopicIds: false, ...more })
  }

  /** A full fetch of these partitions that nothing is read for; its session. */
  full(...partitions: readonly number[]): number {
    return this.begin(
      0,
      initial,
      partitions.map((partition) => wanted(partition)),
    ).answer(partitions.map((partition) => fetched(partition))).sessionId
  }

  /** An incremental fetch; the partitions that the answer names. */
  incremental(sessionId: number, epoch: number, read: readonly FetchedPartition[]): readonly number[] {
    const answer = this.begin(sessionId, epoch).answer(read)
    expect(answer.sessionId).toBe(sessionId)
    return answer.partitions.map(({ partition }) => partition)
  }
}

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof KafkaError) return error.code
  }
  return 'NONE'
}

describe('fetch sessions (KIP-227)', () => {
  test('a full fetch makes a session and is answered in full, in its own order', () => {
    const { sessions } = new TestSessions()
    const context = sessions.begin({
      sessionId: 0,
      sessionEpoch: initial,
      usesTopicIds: false,
      partitions: [wanted(1), wanted(0)],
      forgotten: [],
    })
    const answer = context.answer([fetched(1, { bytes: 9 }), fetched(0)])
    expect(answer.sessionId).toBeGreaterThan(0)
    expect(answer.partitions.map(({ partition }) => partition)).toEqual([1, 0])
    expect(sessions.size).toBe(1)
    const next = sessions.begin({
      sessionId: answer.sessionId,
      sessionEpoch: 1,
      usesTopicIds: false,
      partitions: [],
      forgotten: [],
    })
    expect(next.wanted.map(({ partition }) => partition)).toEqual([1, 0])
  })

  test('a fetch with the final epoch makes none, and closes the one that it names', () => {
    const test = new TestSessions()
    expect(test.begin(0, final, [wanted(0)]).answer([fetched(0)])).toMatchObject({ sessionId: 0, partitions: [{ partition: 0 }] })
    expect(test.sessions.size).toBe(0)
    const id = test.full(0)
    test.begin(id, final, [wanted(0)])
    expect(test.sessions.size).toBe(0)
  })

  test('a full fetch closes the session that it names and makes a new one', () => {
    const test = new TestSessions()
    const id = test.full(0)
    const { sessionId } = test.begin(id, initial, [wanted(0)]).answer([fetched(0)])
    expect(sessionId).not.toBe(id)
    expect(test.sessions.size).toBe(1)
  })

  test('an incremental fetch reads all partitions of the session and names those with news', () => {
    const test = new TestSessions()
    const id = test.full(0, 1, 2, 3)
    expect(test.begin(id, 1).wanted.map(({ partition }) => partition)).toEqual([0, 1, 2, 3])
    expect(
      test.incremental(
        id,
        2,
        [0, 1, 2, 3].map((partition) => fetched(partition)),
      ),
    ).toEqual([])
    const news = [
      fetched(0, { highWatermark: 11n }),
      fetched(1, { logStartOffset: 1n }),
      fetched(2, { bytes: 1 }),
      fetched(3, { divergingEpoch: { epoch: 1, endOffset: 5n } }),
    ]
    expect(test.incremental(id, 3, news)).toEqual([0, 1, 2, 3])
    expect(test.incremental(id, 4, [fetched(0, { highWatermark: 11n }), fetched(1, { logStartOffset: 1n })])).toEqual([])
  })

  test('an error is told each time, and when it is over the partition is told again though nothing changed', () => {
    const test = new TestSessions()
    const id = test.full(0)
    const error = new KafkaError('NOT_LEADER_OR_FOLLOWER')
    expect(test.incremental(id, 1, [fetched(0, { error })])).toEqual([0])
    expect(test.incremental(id, 2, [fetched(0, { error })])).toEqual([0])
    expect(test.incremental(id, 3, [fetched(0)])).toEqual([0])
    expect(test.incremental(id, 4, [fetched(0)])).toEqual([])
  })

  test('partitions that gave records move to the end, so that each has its turn to be first', () => {
    const test = new TestSessions()
    const id = test.full(0, 1, 2)
    test.incremental(id, 1, [fetched(0, { bytes: 5 }), fetched(1, { bytes: 5 }), fetched(2)])
    expect(test.begin(id, 2).wanted.map(({ partition }) => partition)).toEqual([2, 0, 1])
  })

  test('an incremental request changes, adds and forgets partitions', () => {
    const test = new TestSessions()
    const id = test.full(0, 1)
    const context = test.begin(id, 1, [wanted(1, 7n), wanted(2)], { forgotten: [keyOf(0), keyOf(9)] })
    expect(context.wanted.map(({ partition, fetchOffset }) => [partition, fetchOffset])).toEqual([
      [1, 7n],
      [2, 0n],
    ])
    expect(context.answer([fetched(1), fetched(2)]).partitions.map(({ partition }) => partition)).toEqual([2])
  })

  test('a session of which all was forgotten is closed, and the answer has id 0', () => {
    const test = new TestSessions()
    const id = test.full(0)
    expect(test.begin(id, 1, [], { forgotten: [keyOf(0)] }).answer([])).toEqual({ sessionId: 0, partitions: [] })
    expect(test.sessions.size).toBe(0)
    expect(codeOf(() => test.begin(id, 2))).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  test('an unknown session, a wrong epoch, and a change between names and ids are refused', () => {
    const test = new TestSessions()
    const id = test.full(0)
    expect(codeOf(() => test.begin(id + 1, 1))).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(codeOf(() => test.begin(0, 1))).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(codeOf(() => test.begin(id, 2))).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(codeOf(() => test.begin(id, 1, [], { usesTopicIds: true }))).toBe('FETCH_SESSION_TOPIC_ID_ERROR')
    expect(codeOf(() => test.begin(id, 1))).toBe('NONE')
    expect(codeOf(() => test.begin(id, 1))).toBe('INVALID_FETCH_SESSION_EPOCH')
  })

  test('a request that another one of its session overtook is refused', () => {
    const test = new TestSessions()
    const id = test.full(0)
    const first = test.begin(id, 1)
    const second = test.begin(id, 2)
    expect(codeOf(() => first.answer([fetched(0, { bytes: 1 })]))).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(codeOf(() => second.answer([fetched(0)]))).toBe('NONE')
  })

  test.each(
    readVectors<{ kind: string; epoch?: number; value?: number; next?: number }>('primitives').filter(
      ({ kind }) => kind === 'nextFetchSessionEpoch',
    ),
  )('the epoch after %j', (vector) => {
    const { epoch, value, next } = vector
    expect(nextSessionEpoch((epoch ?? value) as number)).toBe(next)
  })

  test('a session without partitions is made too, and filled later', () => {
    const test = new TestSessions()
    const id = test.full()
    expect(id).toBeGreaterThan(0)
    expect(test.begin(id, 1, [wanted(0)]).answer([fetched(0)]).partitions).toHaveLength(1)
  })
})

describe('slots of fetch sessions', () => {
  test('without a free one a client reads without a session', () => {
    const test = new TestSessions(1)
    const id = test.full(0)
    expect(test.full(0, 1, 2)).toBe(0)
    expect(test.incremental(id, 1, [fetched(0)])).toEqual([])
    expect(new TestSessions(0).full(0)).toBe(0)
  })

  test('a session that was not used for more than two minutes gives way to any other', async () => {
    const test = new TestSessions(2)
    const [first, second] = [test.full(0, 1, 2), test.full(0, 1, 2)]
    await test.clock.advance(60_000)
    test.incremental(first, 1, [])
    await test.clock.advance(60_000)
    expect(test.full(5)).toBe(0)
    await test.clock.advance(1)
    expect(test.full(5)).toBeGreaterThan(0)
    expect(codeOf(() => test.begin(second, 1))).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(codeOf(() => test.begin(first, 2))).toBe('NONE')
  })

  test('a session that is no longer young gives way to a larger one, the smallest first', async () => {
    const test = new TestSessions(2)
    const [large, small] = [test.full(0, 1, 2), test.full(0, 1)]
    await test.clock.advance(100_000)
    for (const id of [large, small]) test.incremental(id, 1, [])
    await test.clock.advance(100_000)
    expect(test.full(5, 6)).toBe(0)
    expect(test.full(5, 6, 7)).toBeGreaterThan(0)
    expect(codeOf(() => test.begin(small, 2))).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(codeOf(() => test.begin(large, 2))).toBe('NONE')
  })

  test('what all sessions remember is bounded', () => {
    const test = new TestSessions()
    const many = Array.from({ length: 600_000 }, (_, partition) => wanted(partition))
    const { sessionId } = test.begin(0, initial, many).answer([])
    expect(sessionId).toBeGreaterThan(0)
    expect(test.begin(0, initial, many).answer([]).sessionId).toBe(0)
    const added = Array.from({ length: 600_000 }, (_, partition) => wanted(partition + 600_000))
    expect(codeOf(() => test.begin(sessionId, 1, added))).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(test.sessions.size).toBe(0)
    expect(test.full(0)).toBeGreaterThan(0)
  })
})
