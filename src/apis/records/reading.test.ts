import { beforeAll, describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { deleteRecords } from '../../../protocol/messages/delete-records.ts'
import { describeProducers } from '../../../protocol/messages/describe-producers.ts'
import { fetch } from '../../../protocol/messages/fetch.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { listOffsets } from '../../../protocol/messages/list-offsets.ts'
import { metadata } from '../../../protocol/messages/metadata.ts'
import { offsetForLeaderEpoch } from '../../../protocol/messages/offset-for-leader-epoch.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { newTopic, testBroker } from '../test-broker.ts'
import { testBatch } from './test-batch.ts'

const { ask } = testBroker({ topics: { orders: 1, parcels: 2 } })
const unknownId = 'AAAAAAAAAAAAAAAAAAAAAQ'
const firstMs = BigInt(Date.now()) - 10_000n

async function append(name: string, ...timestamps: readonly bigint[]): Promise<void> {
  for (const timestamp of timestamps) {
    const topicData = [{ name, partitionData: [{ index: 0, records: testBatch([{ timestamp }, { timestamp }]) }] }]
    const { responses } = await ask(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
  }
}

const topicIdOf = async (name: string) =>
  (await ask(metadata, 12, { topics: [{ name }], includeTopicAuthorizedOperations: false })).topics[0]!.topicId

// Offsets 0 to 5: three batches of two records, of which the second is the latest in time.
beforeAll(() => append('orders', firstMs, firstMs + 2000n, firstMs + 1000n))

describe('Fetch', () => {
  interface Asked {
    readonly topic?: string
    readonly topicId?: string
    readonly partition?: number
    readonly fetchOffset?: bigint
    readonly currentLeaderEpoch?: number
    readonly lastFetchedEpoch?: number
    readonly partitionMaxBytes?: number
  }
  const read = (
    version: number,
    asked: readonly Asked[],
    more: { maxBytes?: number; sessionId?: number; sessionEpoch?: number; replicaId?: number; isolationLevel?: number } = {},
  ) =>
    ask(fetch, version, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      forgottenTopicsData: [],
      rackId: '',
      ...more,
      topics: asked.map(({ topic = 'orders', topicId, ...partition }) => ({
        topic,
        topicId: topicId ?? unknownId,
        partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20, ...partition }],
      })),
    })
  const partitions = ({ responses }: Awaited<ReturnType<typeof read>>) => responses.flatMap((response) => response.partitions)
  const codes = async (...asked: Parameters<typeof read>) =>
    partitions(await read(...asked)).map((one) => errorName(one.errorCode))

  test.each([4, 5, 7, 9, 11, 12])('version %i reads whole batches by name', async (version) => {
    const [partition] = partitions(await read(version, [{ fetchOffset: 3n }]))
    expect(partition).toMatchObject({
      errorCode: 0,
      highWatermark: 6n,
      lastStableOffset: 6n,
      logStartOffset: version < 5 ? -1n : 0n,
      abortedTransactions: null,
    })
    expect(partition!.records!.view().readBigInt64BE(0)).toBe(2n)
  })

  test.each([13, 16, 18])('version %i reads by id', async (version) => {
    const topicId = await topicIdOf('orders')
    const { responses } = await read(version, [{ topicId }, { topicId: unknownId }])
    expect(responses.map((response) => [response.topicId, errorName(response.partitions[0]!.errorCode)])).toEqual([
      [topicId, 'NONE'],
      [unknownId, 'UNKNOWN_TOPIC_ID'],
    ])
  })

  test('answers errors partition by partition', async () => {
    expect(await codes(12, [{ topic: 'unknown' }])).toEqual(['UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await codes(12, [{ partition: 9 }])).toEqual(['UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await codes(12, [{ fetchOffset: 100n }, { topic: 'parcels' }])).toEqual(['OFFSET_OUT_OF_RANGE', 'NONE'])
    expect(await codes(12, [{ fetchOffset: -5n }])).toEqual(['OFFSET_OUT_OF_RANGE'])
    expect(await codes(12, [{ currentLeaderEpoch: 5 }])).toEqual(['UNKNOWN_LEADER_EPOCH'])
    expect(await codes(11, [{}], { replicaId: 7 })).toEqual(['NOT_LEADER_OR_FOLLOWER'])
    expect(partitions(await read(12, [{ fetchOffset: 100n }]))).toMatchObject([{ highWatermark: -1n, logStartOffset: -1n }])
  })

  test('tells where logs part, which is where the epoch that the client read ends', async () => {
    const [partition] = partitions(await read(12, [{ lastFetchedEpoch: 0, fetchOffset: 1000n }]))
    expect(partition).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 6n } })
  })

  test('gives the first batch though it is larger than the limits', async () => {
    const [partition] = partitions(await read(11, [{ partitionMaxBytes: 1 }], { maxBytes: 1 }))
    expect(partition!.records!.sizeBytes).toBe(partition!.records!.view().readInt32BE(8) + 12)
  })

  test('names aborted transactions to those who read what is committed', async () => {
    expect(partitions(await read(11, [{}], { isolationLevel: 1 }))).toMatchObject([{ abortedTransactions: [] }])
  })

  test('keeps a session, and says when it is lost', async () => {
    const { sessionId } = await read(11, [{ fetchOffset: 6n }], { sessionEpoch: 0 })
    expect(sessionId).toBeGreaterThan(0)
    expect((await read(11, [], { sessionId, sessionEpoch: 1 })).responses).toEqual([])
    const lost = async (session: { sessionId: number; sessionEpoch: number }) => {
      const answer = await read(11, [{}], session)
      expect(answer).toMatchObject({ sessionId: 0, responses: [] })
      return errorName(answer.errorCode)
    }
    expect(await lost({ sessionId, sessionEpoch: 7 })).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(await lost({ sessionId: sessionId + 1, sessionEpoch: 1 })).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })
})

describe('ListOffsets', () => {
  const lookUp = async (
    version: number,
    timestamp: bigint,
    more: { name?: string; partitionIndex?: number; currentLeaderEpoch?: number; isolationLevel?: number } = {},
  ) => {
    const { name = 'orders', isolationLevel = 0, ...partition } = more
    const { topics } = await ask(listOffsets, version, {
      replicaId: -1,
      isolationLevel,
      topics: [{ name, partitions: [{ partitionIndex: 0, timestamp, ...partition }] }],
    })
    const found = topics[0]!.partitions[0]!
    return [errorName(found.errorCode), version === 0 ? found.oldStyleOffsets : found.offset, found.timestamp]
  }

  test('version 0 gives a list of offsets', async () => {
    expect(await lookUp(0, -1n)).toEqual(['NONE', [6n], -1n])
    expect(await lookUp(0, -2n)).toEqual(['NONE', [0n], -1n])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])('version %i finds both ends and a time between', async (version) => {
    expect(await lookUp(version, -1n)).toEqual(['NONE', 6n, -1n])
    expect(await lookUp(version, -2n)).toEqual(['NONE', 0n, -1n])
    expect(await lookUp(version, firstMs + 1n)).toEqual(['NONE', 2n, firstMs + 2000n])
    expect(await lookUp(version, firstMs + 5000n)).toEqual(['NONE', -1n, -1n])
  })

  test.each([
    [-3n, 7, 2n],
    [-4n, 8, 0n],
    [-5n, 9, -1n],
    [-6n, 11, -1n],
  ])('knows %i from version %i on', async (timestamp, since, offset) => {
    expect((await lookUp(since - 1, timestamp))[0]).toBe('UNSUPPORTED_VERSION')
    expect((await lookUp(since, timestamp)).slice(0, 2)).toEqual(['NONE', offset])
    expect((await lookUp(11, timestamp)).slice(0, 2)).toEqual(['NONE', offset])
  })

  test('refuses what is not there', async () => {
    expect((await lookUp(11, -7n))[0]).toBe('UNSUPPORTED_VERSION')
    expect((await lookUp(5, -1n, { name: 'unknown' }))[0]).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await lookUp(5, -1n, { partitionIndex: 3 }))[0]).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await lookUp(5, -1n, { currentLeaderEpoch: 9 }))[0]).toBe('UNKNOWN_LEADER_EPOCH')
    expect((await lookUp(5, -1n, { isolationLevel: 1 }))[0]).toBe('NONE')
  })

  test('refuses a partition that is named twice', async () => {
    const partition = { partitionIndex: 0, timestamp: -1n }
    const topics = [{ name: 'orders', partitions: [partition, { ...partition, timestamp: -2n }] }]
    const answer = await ask(listOffsets, 5, { replicaId: -1, topics })
    expect(answer.topics[0]!.partitions.map((one) => errorName(one.errorCode))).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
  })
})

describe('OffsetForLeaderEpoch', () => {
  const endOf = async (version: number, leaderEpoch: number, more: { topic?: string; currentLeaderEpoch?: number } = {}) => {
    const { topic = 'orders', currentLeaderEpoch = -1 } = more
    const topics = [{ topic, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }]
    const answer = await ask(offsetForLeaderEpoch, version, { topics })
    const found = answer.topics[0]!.partitions[0]!
    return [errorName(found.errorCode), found.leaderEpoch, found.endOffset]
  }

  test.each([0, 1, 2, 3, 4])('version %i tells where an epoch ends', async (version) => {
    expect(await endOf(version, 0)).toEqual(['NONE', version === 0 ? -1 : 0, 6n])
    expect(await endOf(version, 4)).toEqual(['NONE', -1, -1n])
  })

  test('refuses a client that is ahead, and what is not there', async () => {
    expect(await endOf(4, 0, { currentLeaderEpoch: 4 })).toEqual(['UNKNOWN_LEADER_EPOCH', -1, -1n])
    expect(await endOf(4, 0, { topic: 'unknown' })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1, -1n])
  })
})

describe('DeleteRecords', () => {
  const remove = async (version: number, name: string, offset: bigint, partitionIndex = 0) => {
    const topics = [{ name, partitions: [{ partitionIndex, offset }] }]
    const answer = await ask(deleteRecords, version, { topics, timeoutMs: 5000 })
    const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!
    return [errorName(errorCode), lowWatermark]
  }

  test.each([0, 1, 2])('version %i moves the start of the log, never back', async (version) => {
    const name = `shortened-by-${version}`
    await ask(createTopics, 7, { topics: [newTopic(name)], timeoutMs: 5000, validateOnly: false })
    await append(name, firstMs, firstMs)
    expect(await remove(version, name, 1n)).toEqual(['NONE', 1n])
    expect(await remove(version, name, 0n)).toEqual(['NONE', 1n])
    expect(await remove(version, name, 5n)).toEqual(['OFFSET_OUT_OF_RANGE', -1n])
    expect(await remove(version, name, -2n)).toEqual(['OFFSET_OUT_OF_RANGE', -1n])
    expect(await remove(version, name, -1n)).toEqual(['NONE', 4n])
  })

  test('refuses what is not there, is compacted, or internal', async () => {
    const compacted = newTopic('compacted', { configs: [{ name: 'cleanup.policy', value: 'compact' }] })
    await ask(createTopics, 7, { topics: [compacted], timeoutMs: 5000, validateOnly: false })
    await ask(findCoordinator, 3, { key: 'group', keyType: 0 })
    expect(await remove(2, 'unknown', 0n)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1n])
    expect(await remove(2, 'orders', 0n, 9)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1n])
    expect(await remove(2, 'compacted', 0n)).toEqual(['POLICY_VIOLATION', -1n])
    expect(await remove(2, '__consumer_offsets', 0n)).toEqual(['INVALID_TOPIC_EXCEPTION', -1n])
  })
})

describe('DescribeProducers', () => {
  const describeIn = async (name: string, partitionIndex = 0) => {
    const { topics } = await ask(describeProducers, 0, { topics: [{ name, partitionIndexes: [partitionIndex] }] })
    const { errorCode, errorMessage, activeProducers } = topics[0]!.partitions[0]!
    return { code: errorName(errorCode), errorMessage, activeProducers }
  }

  test('tells of those that a partition knows', async () => {
    const records = testBatch([{ timestamp: firstMs }, { timestamp: firstMs }], {
      producerId: 5n,
      producerEpoch: 2,
      baseSequence: 0,
    })
    const topicData = [{ name: 'parcels', partitionData: [{ index: 1, records }] }]
    await ask(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
    expect(await describeIn('parcels', 1)).toEqual({
      code: 'NONE',
      errorMessage: null,
      activeProducers: [
        {
          producerId: 5n,
          producerEpoch: 2,
          lastSequence: 1,
          lastTimestamp: firstMs,
          coordinatorEpoch: -1,
          currentTxnStartOffset: -1n,
        },
      ],
    })
    expect(await describeIn('parcels', 0)).toMatchObject({ code: 'NONE', activeProducers: [] })
  })

  test('refuses what is not there, with a message if it is the topic', async () => {
    expect(await describeIn('unknown')).toEqual({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      errorMessage: expect.any(String),
      activeProducers: [],
    })
    expect(await describeIn('a/b')).toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION', errorMessage: expect.any(String) })
    expect(await describeIn('parcels', 9)).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', errorMessage: null })
  })
})
