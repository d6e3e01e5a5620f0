import { describe, expect, test } from '@jest/globals'
import { errorCode, errorName } from '../../../protocol/errors.ts'
import { addPartitionsToTxn } from '../../../protocol/messages/add-partitions-to-txn.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { describeProducers } from '../../../protocol/messages/describe-producers.ts'
import { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import { endTxn } from '../../../protocol/messages/end-txn.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { listTransactions } from '../../../protocol/messages/list-transactions.ts'
import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { writeTxnMarkers } from '../../../protocol/messages/write-txn-markers.ts'
import { testBatch } from '../records/test-batch.ts'
import { newTopic, testBroker } from '../test-broker.ts'
import { read, TestProducer } from './test-producer.ts'

const { ask } = testBroker({
  config: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 10, 'transaction.max.timeout.ms': 120_000 },
})

let topics = 0
/** A topic for one test. */
async function newlyMade(numPartitions = 1): Promise<string> {
  const name = `orders-${topics++}`
  await ask(createTopics, 5, { topics: [newTopic(name, { numPartitions })], timeoutMs: 5000, validateOnly: false })
  return name
}

async function started(transactionalId: string, version: 1 | 2): Promise<TestProducer> {
  const producer = new TestProducer(ask, transactionalId, version)
  expect(await producer.init()).toBe('NONE')
  return producer
}

async function committedOffset(groupId: string, topic: string, requireStable: boolean) {
  await ask(findCoordinator, 4, { keyType: 0, coordinatorKeys: [groupId] })
  const { groups } = await ask(offsetFetch, 8, {
    groups: [{ groupId, topics: [{ name: topic, partitionIndexes: [0] }] }],
    requireStable,
  })
  const { committedOffset: offset, errorCode: code } = groups![0]!.topics[0]!.partitions[0]!
  return code === 0 ? offset : errorName(code)
}

describe.each([1, 2] as const)('a transaction of version %i', (version) => {
  const name = (what: string): string => `${what}-of-${version}`

  test('is seen by read_committed once it is committed, and at once by read_uncommitted', async () => {
    const topic = await newlyMade(2)
    const producer = await started(name('committed'), version)
    if (version === 1) expect(await producer.add(topic, 0, 1)).toEqual(['NONE', 'NONE'])
    expect(await producer.send(topic, 0, ['a', 'b'])).toBe('NONE')
    expect(await producer.send(topic, 1, ['c'])).toBe('NONE')
    expect(await read(ask, topic, 'read_uncommitted')).toMatchObject({ values: ['a', 'b'], lastStableOffset: 0n })
    expect(await read(ask, topic, 'read_committed')).toMatchObject({ values: [], lastStableOffset: 0n, highWatermark: 2n })
    expect(await producer.state()).toBe('Ongoing')
    expect(await producer.end(true)).toBe('NONE')
    expect(await producer.ended()).toBe('CompleteCommit')
    expect(await read(ask, topic, 'read_committed')).toEqual({ values: ['a', 'b'], lastStableOffset: 3n, highWatermark: 3n })
    expect(await read(ask, topic, 'read_committed', 1)).toMatchObject({ values: ['c'] })
  })

  test('is never seen by read_committed when it is aborted', async () => {
    const topic = await newlyMade()
    const producer = await started(name('aborted'), version)
    for (const [value, commit] of [
      ['a', true],
      ['b', false],
      ['c', true],
    ] as const) {
      if (version === 1) expect(await producer.add(topic, 0)).toEqual(['NONE'])
      expect(await producer.send(topic, 0, [value])).toBe('NONE')
      expect(await producer.end(commit)).toBe('NONE')
    }
    expect(await producer.ended()).toBe('CompleteCommit')
    expect(await read(ask, topic, 'read_committed')).toMatchObject({ values: ['a', 'c'] })
    expect(await read(ask, topic, 'read_uncommitted')).toMatchObject({ values: ['a', 'b', 'c'] })
  })

  test('is aborted by the next life of its producer, which fences the one before', async () => {
    const topic = await newlyMade()
    const zombie = await started(name('fenced'), version)
    if (version === 1) await zombie.add(topic, 0)
    expect(await zombie.send(topic, 0, ['lost'])).toBe('NONE')
    const next = await started(name('fenced'), version)
    expect(next.id).toBe(zombie.id)
    expect(next.epoch).toBeGreaterThan(zombie.epoch)
    expect(await read(ask, topic, 'read_committed')).toMatchObject({ values: [], lastStableOffset: 2n })
    expect(await zombie.send(topic, 0, ['late'])).toBe('INVALID_PRODUCER_EPOCH')
    expect(await zombie.end(true)).toBe('PRODUCER_FENCED')
  })

  test('stores offsets that hold once it is committed', async () => {
    const topic = await newlyMade()
    const group = name('readers')
    expect(await committedOffset(group, topic, true)).toBe(-1n)
    const producer = await started(name('offsets'), version)
    if (version === 1) expect(await producer.addOffsets(group)).toBe('NONE')
    expect(await producer.commitOffset(group, topic, 5n)).toBe('NONE')
    expect(await committedOffset(group, topic, true)).toBe('UNSTABLE_OFFSET_COMMIT')
    expect(await committedOffset(group, topic, false)).toBe(-1n)
    expect(await producer.end(true)).toBe('NONE')
    await producer.ended()
    expect(await committedOffset(group, topic, true)).toBe(5n)
    if (version === 1) expect(await producer.addOffsets(group)).toBe('NONE')
    expect(await producer.commitOffset(group, topic, 9n)).toBe('NONE')
    expect(await producer.end(false)).toBe('NONE')
    await producer.ended()
    expect(await committedOffset(group, topic, true)).toBe(5n)
  })

  test('that lasts too long is aborted, and its producer fenced', async () => {
    const topic = await newlyMade()
    const producer = new TestProducer(ask, name('slow'), version)
    expect(await producer.init({ transactionTimeoutMs: 1 })).toBe('NONE')
    if (version === 1) await producer.add(topic, 0)
    // By the time that it is written it may be over: what counts is that nobody waits for it.
    await producer.send(topic, 0, ['late'])
    while ((await producer.state()) !== 'CompleteAbort');
    expect(await read(ask, topic, 'read_committed')).toMatchObject({ values: [] })
    expect(await producer.end(true)).toBe(version === 1 ? 'PRODUCER_FENCED' : 'INVALID_TXN_STATE')
  })

  test('is described and listed', async () => {
    const topic = await newlyMade()
    const producer = await started(name('described'), version)
    if (version === 1) await producer.add(topic, 0)
    await producer.send(topic, 0, ['a'])
    const { transactionStates } = await ask(describeTransactions, 0, {
      transactionalIds: [producer.transactionalId, 'nobody', ''],
    })
    expect(transactionStates).toMatchObject([
      {
        errorCode: 0,
        transactionState: 'Ongoing',
        transactionTimeoutMs: 60_000,
        producerId: producer.id,
        producerEpoch: producer.epoch,
        topics: [{ topic, partitions: [0] }],
      },
      { errorCode: errorCode('TRANSACTIONAL_ID_NOT_FOUND') },
      { errorCode: errorCode('INVALID_REQUEST') },
    ])
    const listed = await ask(listTransactions, 2, {
      stateFilters: ['Ongoing', 'Nonsense'],
      producerIdFilters: [producer.id],
      transactionalIdPattern: null,
    })
    expect(listed).toMatchObject({
      errorCode: 0,
      unknownStateFilters: ['Nonsense'],
      transactionStates: [{ transactionalId: producer.transactionalId, transactionState: 'Ongoing', producerId: producer.id }],
    })
    expect(await producer.end(false)).toBe('NONE')
  })

  test('that nobody ends can be aborted by an administrator', async () => {
    const topic = await newlyMade()
    const producer = await started(name('hanging'), version)
    if (version === 1) await producer.add(topic, 0)
    await producer.send(topic, 0, ['a'])
    const { topics: described } = await ask(describeProducers, 0, { topics: [{ name: topic, partitionIndexes: [0] }] })
    const [active] = described[0]!.partitions[0]!.activeProducers
    expect(active).toMatchObject({ producerId: producer.id, producerEpoch: producer.epoch, currentTxnStartOffset: 0n })
    const marker = {
      producerId: active!.producerId,
      producerEpoch: active!.producerEpoch,
      transactionResult: false,
      topics: [{ name: topic, partitionIndexes: [0, 7] }],
      coordinatorEpoch: Math.max(0, active!.coordinatorEpoch),
    }
    expect(await ask(writeTxnMarkers, 1, { markers: [marker] })).toEqual({
      markers: [
        {
          producerId: producer.id,
          topics: [
            {
              name: topic,
              partitions: [
                { partitionIndex: 0, errorCode: 0 },
                { partitionIndex: 7, errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') },
              ],
            },
          ],
        },
      ],
    })
    expect(await read(ask, topic, 'read_committed')).toMatchObject({ values: [], lastStableOffset: 2n })
  })
})

test.each([
  [-1n, 0],
  [7n, -1],
])('a marker of producer %d and epoch %d is of nobody, and not written', async (producerId, producerEpoch) => {
  const topic = await newlyMade()
  const marker = { producerId, producerEpoch, transactionResult: true, coordinatorEpoch: 0 }
  const { markers } = await ask(writeTxnMarkers, 1, {
    markers: [{ ...marker, topics: [{ name: topic, partitionIndexes: [0] }] }],
  })
  expect(markers[0]!.topics[0]!.partitions[0]!.errorCode).toBe(errorCode('UNKNOWN_SERVER_ERROR'))
  expect(await read(ask, topic, 'read_committed')).toMatchObject({ highWatermark: 0n })
})

describe('a partition that is not in the transaction', () => {
  test.each([
    [9, 'INVALID_TXN_STATE'],
    [11, 'TRANSACTION_ABORTABLE'],
    [12, 'NONE'],
  ] as const)('is answered by Produce %i with %s', async (version, error) => {
    const topic = await newlyMade()
    const producer = await started(`verified-by-${version}`, 1)
    expect(await producer.send(topic, 0, ['a'], version)).toBe(error)
    expect(await producer.state()).toBe(error === 'NONE' ? 'Ongoing' : 'Empty')
    expect((await read(ask, topic, 'read_uncommitted')).values).toEqual(error === 'NONE' ? ['a'] : [])
  })

  test.each([
    [3, 'INVALID_TXN_STATE'],
    [4, 'TRANSACTION_ABORTABLE'],
    [5, 'NONE'],
  ] as const)('is answered by TxnOffsetCommit %i with %s', async (version, error) => {
    const topic = await newlyMade()
    await committedOffset('verified', topic, false)
    const producer = await started(`offsets-by-${version}`, 1)
    expect(await producer.commitOffset('verified', topic, 3n, version)).toBe(error)
  })
})

describe('AddPartitionsToTxn', () => {
  test.each([0, 1, 2, 3])(
    '%i adds all or none: one that does not exist, or is internal, leaves the others unattempted',
    async (version) => {
      const topic = await newlyMade()
      const { transactionalId, id, epoch } = await started('all-or-none', 1)
      const { resultsByTopicV3AndBelow } = await ask(addPartitionsToTxn, version, {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: id,
        v3AndBelowProducerEpoch: epoch,
        v3AndBelowTopics: [
          { name: topic, partitions: [0, 1] },
          { name: '__consumer_offsets', partitions: [0] },
        ],
      })
      expect(resultsByTopicV3AndBelow).toEqual([
        {
          name: topic,
          resultsByPartition: [
            { partitionIndex: 0, partitionErrorCode: errorCode('OPERATION_NOT_ATTEMPTED') },
            { partitionIndex: 1, partitionErrorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') },
          ],
        },
        {
          name: '__consumer_offsets',
          resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: errorCode('TOPIC_AUTHORIZATION_FAILED') }],
        },
      ])
    },
  )

  test.each([4, 5])('%i takes many transactions, some of them only to verify', async (version) => {
    const topic = await newlyMade(2)
    const one = await started(`one-${version}`, 1)
    const two = await started(`two-${version}`, 1)
    await two.add(topic, 0)
    const of = ({ transactionalId, id, epoch }: TestProducer) => ({ transactionalId, producerId: id, producerEpoch: epoch })
    const partitions = [{ name: topic, partitions: [0, 1] }]
    const { errorCode: whole, resultsByTransaction } = await ask(addPartitionsToTxn, version, {
      transactions: [
        { ...of(one), topics: partitions },
        { ...of(two), verifyOnly: true, topics: partitions },
        { ...of(two), producerEpoch: 100, verifyOnly: true, topics: partitions },
      ],
    })
    const codes = resultsByTransaction!.map(({ topicResults }) =>
      topicResults[0]!.resultsByPartition.map(({ partitionErrorCode }) => errorName(partitionErrorCode)),
    )
    expect([whole, codes]).toEqual([
      0,
      [
        ['NONE', 'NONE'],
        ['NONE', 'TRANSACTION_ABORTABLE'],
        ['PRODUCER_FENCED', 'PRODUCER_FENCED'],
      ],
    ])
  })
})

describe('refusals', () => {
  test('a transactional id must have one character at least', async () => {
    const of = { transactionalId: '', producerId: 1n, producerEpoch: 0 }
    const codes = [
      (await ask(initProducerId, 4, { transactionalId: '', transactionTimeoutMs: 1000 })).errorCode,
      (await ask(endTxn, 3, { ...of, committed: true })).errorCode,
    ]
    expect(codes.map(errorName)).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
  })

  test.each([
    [{ enable2Pc: true }, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
    [{ keepPreparedTxn: true }, 'UNSUPPORTED_VERSION'],
    [{}, 'NONE'],
  ])('two-phase commit is not offered: %j is answered %s', async (more, error) => {
    await started('two-phase', 2)
    const { errorCode: code } = await ask(initProducerId, 6, {
      transactionalId: 'two-phase',
      transactionTimeoutMs: 1000,
      ...more,
    })
    expect(errorName(code)).toBe(error)
  })

  test('a timeout above transaction.max.timeout.ms is refused', async () => {
    await started('long', 1)
    const { errorCode: code } = await ask(initProducerId, 4, { transactionalId: 'long', transactionTimeoutMs: 120_001 })
    expect(errorName(code)).toBe('INVALID_TRANSACTION_TIMEOUT')
  })

  test.each([
    [3, 'INVALID_PRODUCER_EPOCH'],
    [4, 'PRODUCER_FENCED'],
  ])('InitProducerId %i of a fenced producer is answered %s', async (version, error) => {
    const { transactionalId, id: producerId, epoch } = await started('fenced', 1)
    const asked = { transactionalId, transactionTimeoutMs: 1000, producerId, producerEpoch: epoch + 7 }
    expect(errorName((await ask(initProducerId, version, asked)).errorCode)).toBe(error)
  })

  test('transactional batches of a request come from one producer, and name their transactional id', async () => {
    const topic = await newlyMade(2)
    const records = (producerId: bigint) =>
      testBatch([{}], { isTransactional: true, producerId, producerEpoch: 0, baseSequence: 0 })
    const partitionData = [
      { index: 0, records: records(1n) },
      { index: 1, records: records(2n) },
    ]
    const codes = async (transactionalId: string | null) => {
      const asked = { transactionalId, acks: -1, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] }
      const { responses } = await ask(produce, 9, asked)
      return responses[0]!.partitionResponses.map((response) => errorName(response.errorCode))
    }
    expect(await codes('payments')).toEqual(['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'])
    expect(await codes(null)).toEqual(['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'])
  })
})
