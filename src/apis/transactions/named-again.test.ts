import { beforeAll, describe, expect, test } from '@jest/globals'
import { addPartitionsToTxn } from '../../../protocol/messages/add-partitions-to-txn.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { describeProducers } from '../../../protocol/messages/describe-producers.ts'
import { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import { writeTxnMarkers } from '../../../protocol/messages/write-txn-markers.ts'
import { newTopic, testBroker } from '../test-broker.ts'
import { read, TestProducer } from './test-producer.ts'

const { ask } = testBroker({})
const topic = 'orders'
let producer: TestProducer

beforeAll(async () => {
  await ask(createTopics, 5, { topics: [newTopic(topic, { numPartitions: 2 })], timeoutMs: 5000, validateOnly: false })
  producer = new TestProducer(ask, 'orders', 1)
  expect(await producer.init()).toBe('NONE')
})

// A request of a few bytes would else be answered, or written down, without bounds.
describe('what is named again and again is told once', () => {
  test('by AddPartitionsToTxn', async () => {
    const { resultsByTopicV3AndBelow } = await ask(addPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: producer.transactionalId,
      v3AndBelowProducerId: producer.id,
      v3AndBelowProducerEpoch: producer.epoch,
      v3AndBelowTopics: [
        { name: topic, partitions: [1, 0, 1] },
        { name: topic, partitions: [0] },
      ],
    })
    const result = (partitionIndex: number) => ({ partitionIndex, partitionErrorCode: 0 })
    expect(resultsByTopicV3AndBelow).toEqual([{ name: topic, resultsByPartition: [result(1), result(0)] }])
  })

  test('by DescribeTransactions', async () => {
    const { transactionStates } = await ask(describeTransactions, 0, { transactionalIds: ['orders', 'other', 'orders'] })
    expect(transactionStates.map(({ transactionalId }) => transactionalId)).toEqual(['orders', 'other'])
  })

  test('by DescribeProducers', async () => {
    expect(await producer.send(topic, 0, ['a'])).toBe('NONE')
    const asked = { name: topic, partitionIndexes: [0, 0] }
    const { topics } = await ask(describeProducers, 0, { topics: [asked, asked] })
    expect(topics.map(({ partitions }) => partitions.map(({ activeProducers }) => activeProducers.length))).toEqual([[1]])
  })

  test('by WriteTxnMarkers, which writes it once', async () => {
    const named = { name: topic, partitionIndexes: [0, 0] }
    const marker = { producerId: producer.id, producerEpoch: producer.epoch, transactionResult: true, coordinatorEpoch: 0 }
    const { markers } = await ask(writeTxnMarkers, 1, { markers: [{ ...marker, topics: [named, named] }] })
    expect(markers).toEqual([
      { producerId: producer.id, topics: [{ name: topic, partitions: [{ partitionIndex: 0, errorCode: 0 }] }] },
    ])
    expect(await read(ask, topic, 'read_committed')).toMatchObject({ values: ['a'], highWatermark: 2n })
  })
})
