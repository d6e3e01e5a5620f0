import { expect, test } from '@jest/globals'
import { transactionLogRecord } from '../../../protocol/coordinator-records/transaction-log.ts'
import { MalformedMessage } from '../../../protocol/schema/malformed-message.ts'
import { readRecord, transactionOf, transactionRecord, transactionTombstone } from './records.ts'
import { newTransaction, type Transaction } from './transaction.ts'

const ongoing: Transaction = {
  ...newTransaction('t', 500n),
  previousProducerId: 499n,
  producerEpoch: 3,
  timeoutMs: 60_000,
  state: 'Ongoing',
  partitions: new Map([
    ['payments', new Set([2, 0])],
    ['orders', new Set([1])],
  ]),
  startTimestamp: 10n,
  lastUpdateTimestamp: 20n,
  clientTransactionVersion: 2,
}

const written = (transaction: Transaction, transactionVersion: number) => {
  const { value } = transactionRecord(transaction, transactionVersion)
  if (value === null) throw new Error('A tombstone.')
  return { version: value.readInt16BE(), ...transactionLogRecord.decodeValue(value) }
}

test('at transaction.version 0 a record has version 0, and no more than that has', () => {
  expect(written(ongoing, 0)).toMatchObject({
    version: 0,
    previousProducerId: -1n,
    clientTransactionVersion: 0,
    producerEpoch: 3,
  })
})

test('from transaction.version 1 on it has the producer ids before and after, and what the client speaks', () => {
  for (const transactionVersion of [1, 2]) {
    const said = written({ ...ongoing, nextProducerId: 501n }, transactionVersion)
    expect(said).toMatchObject({ version: 1, previousProducerId: 499n, nextProducerId: 501n, clientTransactionVersion: 2 })
    expect(said.nextProducerEpoch).toBe(-1)
  }
})

test('partitions are null where no transaction has been, and an empty list where one has ended', () => {
  const none = new Map()
  expect(written({ ...ongoing, state: 'Empty', partitions: none }, 1).transactionPartitions).toBeNull()
  expect(written({ ...ongoing, state: 'CompleteCommit', partitions: none }, 1).transactionPartitions).toEqual([])
  expect(written(ongoing, 1).transactionPartitions).toEqual([
    { topic: 'payments', partitionIds: [2, 0] },
    { topic: 'orders', partitionIds: [1] },
  ])
})

test('what is read is what was written, but for the last epoch', () => {
  const said = readRecord(transactionRecord(ongoing, 2))
  if (said?.value == null) throw new Error('Nothing was read.')
  expect(transactionOf('t', said.value, undefined)).toEqual(ongoing)
})

test('a record of a kind or version that is not known is passed over', () => {
  const { key, value } = transactionRecord(ongoing, 2)
  const version = Buffer.from(value ?? [])
  version.writeInt16BE(2)
  const type = Buffer.from(key)
  type.writeInt16BE(1)
  expect(readRecord({ key, value: version, producer: null })).toBeNull()
  expect(readRecord({ key: type, value, producer: null })).toBeNull()
  expect(readRecord(transactionTombstone('t'))).toEqual({ transactionalId: 't', value: null })
})

test.each([-1, 6, 7, 8])('a transaction cannot be stored in state %d', (transactionStatus) => {
  const value = { ...written(ongoing, 2), transactionStatus }
  expect(() => transactionOf('t', value, undefined)).toThrow(MalformedMessage)
})
