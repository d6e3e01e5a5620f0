import { expect, test } from '@jest/globals'
import { seededRandom } from '../../environment/random.ts'
import { ConnectionTies } from './connection-ties.ts'
import { testSettings } from './test-groups.ts'
import { Turn } from './turn.ts'

const image = {} as ConstructorParameters<typeof Turn>[3]
const turnAt = (nowMs: number, ties: ConnectionTies): Turn => new Turn(nowMs, { uuid: () => '' }, testSettings, image, ties)

/** What a step makes of the timers. */
function timers(ties: ConnectionTies, step: (turn: Turn) => void, nowMs = 0): unknown {
  const turn = turnAt(nowMs, ties)
  step(turn)
  return turn.decision().timers
}

const name = (connection: number, by: 'heartbeat' | 'other' = 'other', heartbeatIntervalMs = 0) => ({
  connection,
  by,
  heartbeatIntervalMs,
})

test('one request does not tie a member to its connection', () => {
  const ties = new ConnectionTies(7000)
  expect(timers(ties, (turn) => ties.named('g', 'm', name(1), turn))).toEqual([])
  expect(ties.watches(1)).toBe(false)
  expect(timers(ties, (turn) => ties.closed(1, turn))).toEqual([])
})

test('two do, and of two connections the one with two requests since', () => {
  const ties = new ConnectionTies(7000)
  for (const connection of [1, 1, 2]) timers(ties, (turn) => ties.named('g', 'm', name(connection), turn))
  expect([ties.watches(1), ties.watches(2)]).toEqual([true, false])
  timers(ties, (turn) => ties.named('g', 'm', name(2), turn))
  expect([ties.watches(1), ties.watches(2)]).toEqual([false, true])
  expect(timers(ties, (turn) => ties.closed(1, turn))).toEqual([])
  expect(timers(ties, (turn) => ties.closed(2, turn))).toEqual([{ set: 'evict:1:g:m', delayMs: 7000 }])
})

test('the grace is longer than the interval at which the group has its members send heartbeats', () => {
  const ties = new ConnectionTies(7000)
  for (const _ of [1, 2]) timers(ties, (turn) => ties.named('g', 'm', name(1, 'heartbeat', 15_000), turn))
  expect(timers(ties, (turn) => ties.closed(1, turn))).toEqual([{ set: 'evict:1:g:m', delayMs: 16_000 }])
})

test('there is an entry for each member that is known, and none for those that left', () => {
  const ties = new ConnectionTies(7000)
  const random = seededRandom(1)
  for (let step = 0; step < 1000; step += 1) {
    const [member = 0, connection = 0, what = 0] = random.bytes(3)
    const turn = turnAt(step, ties)
    if (what < 20) ties.closed(connection, turn)
    else if (what < 60) ties.forget('g', String(member % 50), turn)
    else ties.named('g', String(member % 50), name(connection % 10), turn)
    expect(ties.size).toBeLessThanOrEqual(50)
  }
  for (let member = 0; member < 50; member += 1) ties.forget('g', String(member), turnAt(0, ties))
  expect(ties.size).toBe(0)
  for (let connection = 0; connection < 256; connection += 1) expect(ties.watches(connection)).toBe(false)
})

test('nobody is tied where nobody is evicted', () => {
  const ties = new ConnectionTies(null)
  for (const _ of [1, 2]) timers(ties, (turn) => ties.named('g', 'm', name(1), turn))
  expect([ties.size, ties.watches(1)]).toEqual([0, false])
})
