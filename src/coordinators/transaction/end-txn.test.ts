import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { end, TestTransactions } from './test-transactions.ts'
import { lastClientEpoch, noPartitions, type Transaction } from './transaction.ts'
import type { EndTxnResponse } from './transaction-request.ts'
import { isIdle, isPrepared, type TransactionState } from './transaction-state.ts'

const states: readonly TransactionState[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
]

const producerId = 500n
const epoch = 5

function inState(state: TransactionState, more: Partial<Transaction> = {}): TestTransactions {
  const transactions = new TestTransactions()
  const partitions = isIdle(state) ? noPartitions : new Map([['orders', new Set([0])]])
  const producer = { producerId, previousProducerId: producerId, producerEpoch: epoch }
  transactions.store({ state, partitions, startTimestamp: 7n, ...producer, ...more })
  return transactions
}

interface Asked {
  readonly version: number
  readonly committed: boolean
  readonly producerEpoch?: number
  readonly producerId?: bigint
}

/** The error, or the state that it led to; with the epoch that the transaction then has. */
function ended(
  transactions: TestTransactions,
  { version, committed, producerEpoch = epoch, producerId: id = producerId }: Asked,
) {
  transactions.request(end({ committed, producerId: id, producerEpoch }), version)
  const { errorCode, producerId: given, producerEpoch: next } = transactions.lastAnswer<EndTxnResponse>()
  const written = transactions.log.length > 1 ? transactions.machine.transactions.get('t') : undefined
  const state = written === undefined ? '' : ` ${written.state}/${written.producerEpoch}`
  const told = given === -1n ? '' : ` ${given}/${next}`
  return `${errorName(errorCode)}${told}${state}`
}

const fenced = 'PRODUCER_FENCED'
const invalid = 'INVALID_TXN_STATE'
const concurrent = 'CONCURRENT_TRANSACTIONS'

describe('EndTxn 0-4 keeps the epoch', () => {
  test.each([
    ['Empty', invalid, invalid],
    ['Ongoing', 'NONE PrepareCommit/5', 'NONE PrepareAbort/5'],
    ['PrepareCommit', concurrent, concurrent],
    ['PrepareAbort', concurrent, concurrent],
    ['CompleteCommit', 'NONE', invalid],
    ['CompleteAbort', invalid, 'NONE'],
  ] as const)('%s: commit %s, abort %s', (state, commit, abort) => {
    for (const version of [0, 2, 4]) {
      expect(ended(inState(state), { version, committed: true })).toBe(commit)
      expect(ended(inState(state), { version, committed: false })).toBe(abort)
    }
  })

  test.each(states)('%s: any other epoch is fenced, before version 2 as INVALID_PRODUCER_EPOCH', (state) => {
    for (const producerEpoch of [epoch - 1, epoch + 1]) {
      expect(ended(inState(state), { version: 2, committed: true, producerEpoch })).toBe(fenced)
      expect(ended(inState(state), { version: 1, committed: false, producerEpoch })).toBe('INVALID_PRODUCER_EPOCH')
    }
  })
})

describe('EndTxn 5 takes an epoch with each end', () => {
  test.each([
    ['Empty', invalid, 'NONE 500/6 PrepareAbort/6'],
    ['Ongoing', 'NONE 500/6 PrepareCommit/6', 'NONE 500/6 PrepareAbort/6'],
    ['PrepareCommit', concurrent, concurrent],
    ['PrepareAbort', concurrent, concurrent],
    ['CompleteCommit', invalid, 'NONE 500/6 PrepareAbort/6'],
    ['CompleteAbort', invalid, 'NONE 500/6 PrepareAbort/6'],
  ] as const)('%s at the current epoch: commit %s, abort %s', (state, commit, abort) => {
    expect(ended(inState(state), { version: 5, committed: true })).toBe(commit)
    expect(ended(inState(state), { version: 5, committed: false })).toBe(abort)
  })

  const retries = [
    ['Empty', fenced, fenced],
    ['Ongoing', fenced, fenced],
    ['PrepareCommit', concurrent, concurrent],
    ['PrepareAbort', concurrent, concurrent],
    ['CompleteCommit', 'NONE', invalid],
    ['CompleteAbort', invalid, 'NONE'],
  ] as const

  test.each(retries)('%s at the epoch before: commit %s, abort %s', (state, commit, abort) => {
    const told = (error: string) => (error === 'NONE' ? 'NONE 500/5' : error)
    const producerEpoch = epoch - 1
    expect(ended(inState(state), { version: 5, committed: true, producerEpoch })).toBe(told(commit))
    expect(ended(inState(state), { version: 5, committed: false, producerEpoch })).toBe(told(abort))
  })

  test.each(retries)('%s with the producer id before, at its last epoch: commit %s, abort %s', (state, commit, abort) => {
    const rotated = { producerId: 600n, producerEpoch: 0, previousProducerId: producerId }
    const producerEpoch = lastClientEpoch
    const told = (error: string) => (error === 'NONE' ? 'NONE 600/0' : error)
    expect(ended(inState(state, rotated), { version: 5, committed: true, producerEpoch })).toBe(told(commit))
    expect(ended(inState(state, rotated), { version: 5, committed: false, producerEpoch })).toBe(told(abort))
    expect(ended(inState(state, rotated), { version: 5, committed: true, producerEpoch: 7 })).toBe(
      commit === concurrent ? concurrent : 'INVALID_PRODUCER_ID_MAPPING',
    )
  })

  test.each(['Empty', 'Ongoing', 'CompleteCommit', 'CompleteAbort'] as const)(
    '%s: an epoch ahead, or two behind, is fenced',
    (state) => {
      for (const producerEpoch of [epoch - 2, epoch + 1]) {
        for (const committed of [true, false]) {
          expect(ended(inState(state), { version: 5, committed, producerEpoch })).toBe(fenced)
        }
      }
    },
  )

  test('the epoch that fences is told to nobody', () => {
    const asked = { version: 5, committed: false, producerEpoch: 32766 }
    expect(ended(inState('CompleteAbort', { producerEpoch: 32767 }), asked)).toBe(fenced)
  })

  test('an abort at the epoch that fences goes on with a new producer id', () => {
    const transactions = inState('CompleteAbort', { producerEpoch: 32767 })
    transactions.request(end({ committed: false, producerId, producerEpoch: 32767 }), 5)
    transactions.drawn('t')
    transactions.markersWritten('t')
    expect(transactions.machine.transactions.get('t')).toMatchObject({ producerId: 1000n, producerEpoch: 0 })
  })
})

test.each([4, 5])(
  'EndTxn %d of another producer id is INVALID_PRODUCER_ID_MAPPING, of an empty id INVALID_REQUEST',
  (version) => {
    for (const state of states) {
      const isWaiting = version === 5 && isPrepared(state)
      const error = isWaiting ? concurrent : 'INVALID_PRODUCER_ID_MAPPING'
      expect(ended(inState(state), { version, committed: true, producerId: 501n })).toBe(error)
    }
    const transactions = new TestTransactions()
    transactions.request(end({ transactionalId: '' }), version)
    expect(transactions.lastAnswer()).toMatchObject({ errorCode: 42, producerId: -1n, producerEpoch: -1 })
  },
)
