import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { add, partitionList, TestTransactions } from './test-transactions.ts'
import { noPartitions, type Transaction } from './transaction.ts'
import type { AddPartitions, AddPartitionsAnswer } from './transaction-request.ts'
import { isIdle, type TransactionState } from './transaction-state.ts'

const producer = { id: 500n, epoch: 5 }
const batchBytesMax = 2000

function inState(state: TransactionState, more: Partial<Transaction> = {}): TestTransactions {
  const transactions = new TestTransactions({ batchBytesMax })
  const partitions = isIdle(state) ? noPartitions : new Map([['orders', new Set([0])]])
  transactions.store({ state, partitions, startTimestamp: 7n, producerId: 500n, producerEpoch: 5, ...more })
  return transactions
}

function added(transactions: TestTransactions, request: Partial<AddPartitions> = {}, version = 3): string {
  const before = transactions.log.length
  transactions.request(add({ producer, ...request }), version)
  const { errorCode, missing } = transactions.lastAnswer<AddPartitionsAnswer>()
  const written = transactions.log.length > before ? ' written' : ''
  return `${errorName(errorCode)}${missing.map(({ topic, partition }) => ` ${topic}:${partition}`).join('')}${written}`
}

const partitions = partitionList('orders:0,payments:1')

describe('AddPartitions', () => {
  test.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)('%s: a transaction begins now', (state) => {
    const transactions = inState(state)
    expect(added(transactions, { partitions })).toBe('NONE written')
    expect(transactions.machine.transactions.get('t')).toMatchObject({ state: 'Ongoing', startTimestamp: 1_000_000n })
  })

  test('Ongoing: more of them, since when it began; nothing is written if all are in it', () => {
    const transactions = inState('Ongoing')
    expect(added(transactions)).toBe('NONE')
    expect(added(transactions, { partitions })).toBe('NONE written')
    expect(added(transactions, { partitions })).toBe('NONE')
    expect(transactions.machine.transactions.get('t')?.startTimestamp).toBe(7n)
  })

  test.each(['PrepareCommit', 'PrepareAbort'] as const)('%s: CONCURRENT_TRANSACTIONS', (state) => {
    expect(added(inState(state))).toBe('CONCURRENT_TRANSACTIONS')
    // The producer id that comes with Complete* may be in use already.
    expect(added(inState(state), { producer: { id: 501n, epoch: 0 } })).toBe('CONCURRENT_TRANSACTIONS')
  })

  test('the producer must be the one that is current', () => {
    expect(added(inState('Empty'), { transactionalId: '' })).toBe('INVALID_REQUEST')
    expect(added(inState('Empty'), { transactionalId: 'u' })).toBe('INVALID_PRODUCER_ID_MAPPING')
    expect(added(inState('Empty'), { producer: { id: 501n, epoch: 5 } })).toBe('INVALID_PRODUCER_ID_MAPPING')
    for (const epoch of [4, 6]) {
      expect(added(inState('Ongoing'), { producer: { id: 500n, epoch } })).toBe('PRODUCER_FENCED')
      expect(added(inState('Ongoing'), { producer: { id: 500n, epoch } }, 1)).toBe('INVALID_PRODUCER_EPOCH')
    }
    const fencing = inState('CompleteAbort', { producerEpoch: 32767 })
    expect(added(fencing, { producer: { id: 500n, epoch: 32767 } })).toBe('PRODUCER_FENCED')
  })

  test('a transaction whose record the topic does not take is UNKNOWN_SERVER_ERROR; one that it takes can also end', () => {
    const transactions = inState('Empty')
    let count = 0
    const next = () => added(transactions, { partitions: [{ topic: 'orders', partition: count++ }], transactionVersion: 2 }, 5)
    while (next() === 'NONE written');
    expect(next()).toBe('UNKNOWN_SERVER_ERROR')
    expect(transactions.machine.transactions.get('t')?.partitions.get('orders')?.size).toBe(count - 2)
    expect(count).toBeGreaterThan(300)
    transactions.advance(80_000)
    expect(transactions.machine.transactions.get('t')?.state).toBe('PrepareAbort')
    expect(transactions.log.every(({ value }) => (value?.length ?? 0) < batchBytesMax)).toBe(true)
  })
})

describe('a leader that asks before a first write', () => {
  const verify = { verifyOnly: true, partitions }

  test.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)('%s: none is in it', (state) => {
    expect(added(inState(state), verify, 5)).toBe('NONE orders:0 payments:1')
  })

  test('Ongoing: those that were not added', () => {
    expect(added(inState('Ongoing'), verify, 5)).toBe('NONE payments:1')
  })

  test.each(['PrepareCommit', 'PrepareAbort'] as const)('%s: CONCURRENT_TRANSACTIONS', (state) => {
    expect(added(inState(state), verify, 5)).toBe('CONCURRENT_TRANSACTIONS')
  })

  test('the producer must be the one that is current', () => {
    expect(added(inState('Ongoing'), { ...verify, transactionalId: '' }, 5)).toBe('INVALID_REQUEST')
    expect(added(inState('Ongoing'), { ...verify, transactionalId: 'u' }, 5)).toBe('INVALID_PRODUCER_ID_MAPPING')
    expect(added(inState('Ongoing'), { ...verify, producer: { id: 501n, epoch: 5 } }, 5)).toBe('INVALID_PRODUCER_ID_MAPPING')
    expect(added(inState('Ongoing'), { ...verify, producer: { id: 500n, epoch: 4 } }, 5)).toBe('PRODUCER_FENCED')
  })
})
