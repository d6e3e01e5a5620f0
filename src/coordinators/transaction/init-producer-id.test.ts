import { expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { init, TestTransactions } from './test-transactions.ts'
import { noPartitions, type Transaction } from './transaction.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from './transaction-request.ts'
import { isIdle, type TransactionState } from './transaction-state.ts'

const idle: readonly TransactionState[] = ['Empty', 'CompleteCommit', 'CompleteAbort']
const of = { producerId: 500n, previousProducerId: 500n, producerEpoch: 5 }

function inState(state: TransactionState, more: Partial<Transaction> = {}): TestTransactions {
  const transactions = new TestTransactions()
  const partitions = isIdle(state) ? noPartitions : new Map([['orders', new Set([0])]])
  transactions.store({ state, partitions, startTimestamp: 7n, ...of, ...more })
  return transactions
}

/** The error, or the producer; and the state, if it was written. */
function initialized(transactions: TestTransactions, request: Partial<InitProducerIdRequest> = {}, version = 5): string {
  const before = transactions.log.length
  transactions.request(init(request), version)
  if (transactions.effects.size > 0 && transactions.open.size > 0) transactions.drawn('t')
  const { errorCode, producerId, producerEpoch } = transactions.lastAnswer<InitProducerIdResponse>()
  const written = transactions.log.length > before ? transactions.machine.transactions.get('t') : undefined
  const state = written === undefined ? '' : ` ${written.state}/${written.producerEpoch} last=${written.lastProducerEpoch}`
  return errorCode === 0 ? `${producerId}/${producerEpoch}${state}` : `${errorName(errorCode)}${state}`
}

test('an id that nobody has used gets a producer id of its own at epoch 0, whoever its producer was', () => {
  expect(initialized(new TestTransactions())).toBe('1000/0 Empty/0 last=-1')
  expect(initialized(new TestTransactions(), { producerId: 7n, producerEpoch: 3 })).toBe('1000/0 Empty/0 last=-1')
})

test.each(idle)('%s: the next epoch, and nobody is its retry', (state) => {
  expect(initialized(inState(state))).toBe('500/6 Empty/6 last=-1')
})

test.each(idle)('%s: the producer that is current gets the next epoch, and may ask again', (state) => {
  const transactions = inState(state)
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 5 })).toBe('500/6 Empty/6 last=5')
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 5 })).toBe('500/6 Empty/6 last=5')
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 6 })).toBe('500/7 Empty/7 last=6')
})

test.each(idle)('%s: any other epoch is fenced', (state) => {
  for (const producerEpoch of [0, 4, 6]) {
    expect(initialized(inState(state), { producerId: 500n, producerEpoch })).toBe('PRODUCER_FENCED')
    expect(initialized(inState(state), { producerId: 500n, producerEpoch }, 3)).toBe('INVALID_PRODUCER_EPOCH')
  }
})

test.each(idle)('%s with its epochs used up: a new producer id', (state) => {
  const used = { producerEpoch: 32766 }
  expect(initialized(inState(state, used))).toBe('1000/0 Empty/0 last=-1')
  expect(initialized(inState(state, used), { producerId: 500n, producerEpoch: 32766 })).toBe('1000/0 Empty/0 last=32766')
  expect(initialized(inState(state, { producerEpoch: 32767 }))).toBe('1000/0 Empty/0 last=-1')
})

test('its retry at the last epoch is given that, and not the failure that Kafka has here', () => {
  const transactions = inState('Empty', { producerEpoch: 32765 })
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 32765 })).toBe('500/32766 Empty/32766 last=32765')
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 32765 })).toBe('500/32766 Empty/32766 last=32765')
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 32764 })).toBe('PRODUCER_FENCED')
})

test('after an end of transaction version 2 the epoch before it is a retry', () => {
  const transactions = inState('CompleteAbort', { clientTransactionVersion: 2 })
  expect(initialized(transactions, { producerId: 500n, producerEpoch: 4 })).toBe('500/5 Empty/5 last=4')
})

test.each([...idle, 'Ongoing'] as const)(
  '%s: another producer id is fenced, but the one before at its last epochs is a retry',
  (state) => {
    const rotated = { producerId: 600n, producerEpoch: 0, previousProducerId: 500n, clientTransactionVersion: 2 }
    expect(initialized(inState(state, rotated), { producerId: 499n, producerEpoch: 32766 })).toBe('PRODUCER_FENCED')
    expect(initialized(inState(state, rotated), { producerId: 500n, producerEpoch: 32765 })).toBe('PRODUCER_FENCED')
    const retried = initialized(inState(state, rotated), { producerId: 500n, producerEpoch: 32766 })
    if (state === 'CompleteCommit' || state === 'CompleteAbort') expect(retried).toBe('600/0 Empty/0 last=32766')
    else if (state === 'Empty') expect(retried).toBe('PRODUCER_FENCED')
    else expect(retried).toMatch(/^CONCURRENT_TRANSACTIONS/)
  },
)

test.each(['PrepareCommit', 'PrepareAbort'] as const)('%s: CONCURRENT_TRANSACTIONS, whoever asks', (state) => {
  expect(initialized(inState(state), { producerId: 499n, producerEpoch: 5 })).toBe('CONCURRENT_TRANSACTIONS')
  expect(initialized(inState(state))).toBe('CONCURRENT_TRANSACTIONS')
  expect(initialized(inState(state), { producerId: 500n, producerEpoch: 5 })).toBe('CONCURRENT_TRANSACTIONS')
})

test.each([0, 1, 2])('Ongoing at transaction.version %d: aborted with an epoch that nobody is given', (transactionVersion) => {
  for (const expected of [{}, { producerId: 500n, producerEpoch: 5 }, { producerId: 500n, producerEpoch: 2 }]) {
    const transactions = inState('Ongoing')
    transactions.transactionVersion = transactionVersion
    const last = transactionVersion === 2 ? 5 : -1
    expect(initialized(transactions, expected)).toBe(`CONCURRENT_TRANSACTIONS PrepareAbort/6 last=${last}`)
    transactions.markersWritten('t')
    expect(initialized(transactions)).toBe('500/7 Empty/7 last=-1')
  }
})

test('the new timeout replaces the old one', () => {
  const transactions = inState('Empty')
  initialized(transactions, { transactionTimeoutMs: 77 })
  expect(transactions.machine.transactions.get('t')?.timeoutMs).toBe(77)
})

test('an id that no record of the topic can hold is refused, as a transaction with too many partitions is', () => {
  const transactions = new TestTransactions({ batchBytesMax: 400 })
  transactions.request(init({ transactionalId: 'x'.repeat(300) }), 5)
  const { records } = transactions.drawn('x'.repeat(300))
  expect(records).toEqual([])
  expect(errorName(transactions.lastAnswer<InitProducerIdResponse>().errorCode)).toBe('UNKNOWN_SERVER_ERROR')
})
