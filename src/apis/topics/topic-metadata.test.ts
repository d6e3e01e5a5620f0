import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { describeTopicPartitions } from '../../../protocol/messages/describe-topic-partitions.ts'
import { metadata } from '../../../protocol/messages/metadata.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { testBroker } from '../test-broker.ts'

const broker = testBroker({ topics: { orders: 3, parcels: 2 }, config: { 'broker.rack': 'cellar' } })
const unknownId = 'AAAAAAAAAAAAAAAAAAAAAQ'

interface Asked {
  readonly name?: string | null
  readonly topicId?: string
}
const ask = (version: number, topics: readonly Asked[] | null, more: { create?: boolean; operations?: boolean } = {}) =>
  broker.ask(metadata, version, {
    topics: topics === null ? null : topics.map(({ name = null, topicId = ZERO_UUID }) => ({ name, topicId })),
    allowAutoTopicCreation: more.create ?? false,
    includeClusterAuthorizedOperations: more.operations ?? false,
    includeTopicAuthorizedOperations: more.operations ?? false,
  })
type Answer = Awaited<ReturnType<typeof ask>>
const told = ({ topics }: Answer) =>
  topics.map(({ name, errorCode, partitions }) => [name, errorName(errorCode), partitions.length])
const both = [
  ['orders', 'NONE', 3],
  ['parcels', 'NONE', 2],
]

describe('Metadata', () => {
  test('of all topics is asked for by an empty list in version 0, by null since', async () => {
    const all = expect.arrayContaining(both)
    expect(told(await ask(0, []))).toEqual(all)
    expect(told(await ask(1, []))).toEqual([])
    expect(told(await ask(1, null))).toEqual(all)
    expect(told(await ask(13, null))).toEqual(all)
  })

  test.each([0, 1, 5, 7, 9, 12, 13])('version %i tells brokers, leaders and replicas', async (version) => {
    const { brokers, controllerId, topics } = await ask(version, [{ name: 'orders' }])
    expect(brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: broker.port, rack: version === 0 ? null : 'cellar' }])
    expect(controllerId).toBe(version === 0 ? -1 : 1)
    expect(topics[0]!.topicId === ZERO_UUID).toBe(version < 10)
    expect(topics[0]!.partitions[2]).toEqual({
      errorCode: 0,
      partitionIndex: 2,
      leaderId: 1,
      leaderEpoch: version < 7 ? -1 : 0,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    })
  })

  test('tells a name once, and an illegal one apart from an unknown one', async () => {
    const names = ['orders', 'orders', 'unknown', 'x y', ''].map((name) => ({ name }))
    expect(told(await ask(4, names))).toEqual([
      ['orders', 'NONE', 3],
      ['unknown', 'UNKNOWN_TOPIC_OR_PARTITION', 0],
      ['x y', 'INVALID_TOPIC_EXCEPTION', 0],
      ['', 'INVALID_TOPIC_EXCEPTION', 0],
    ])
  })

  test('makes a topic that may be made, and tells it in the same answer', async () => {
    const names = [{ name: 'made' }, { name: '..' }]
    expect(told(await ask(4, names, { create: true }))).toEqual([
      ['made', 'NONE', 1],
      ['..', 'INVALID_TOPIC_EXCEPTION', 0],
    ])
  })

  test('knows topics by id from version 12 on, and is then asked for ids alone', async () => {
    const { topics } = await ask(12, [{ name: 'orders' }])
    const { topicId } = topics[0]!
    expect(told(await ask(12, [{ topicId }, { topicId: unknownId }, { name: 'parcels' }]))).toEqual([
      ['orders', 'NONE', 3],
      [null, 'UNKNOWN_TOPIC_ID', 0],
    ])
    expect(told(await ask(11, [{ name: 'orders', topicId }]))).toEqual([['orders', 'INVALID_REQUEST', 0]])
    expect(told(await ask(10, [{ name: null }]))).toEqual([['', 'INVALID_REQUEST', 0]])
  })

  test('tells what may be done where it is asked to, of the cluster in versions 8 to 10', async () => {
    const topics = [{ name: 'orders' }, { name: 'unknown' }]
    const asked = await ask(8, topics, { operations: true })
    expect(asked.clusterAuthorizedOperations).toBe(8096)
    expect(asked.topics.map((topic) => topic.topicAuthorizedOperations)).toEqual([3576, 3576])
    const notAsked = await ask(8, topics)
    expect([notAsked.clusterAuthorizedOperations, notAsked.topics[0]!.topicAuthorizedOperations]).toEqual([
      -2147483648, -2147483648,
    ])
    expect((await ask(11, topics, { operations: true })).clusterAuthorizedOperations).toBe(-2147483648)
  })
})

describe('Metadata where topics are not made on first use', () => {
  const other = testBroker({ config: { 'auto.create.topics.enable': false } })

  test('says that the topic is unknown', async () => {
    const answer = await other.ask(metadata, 3, { topics: [{ name: 'orders' }], includeTopicAuthorizedOperations: false })
    expect(told(answer)).toEqual([['orders', 'UNKNOWN_TOPIC_OR_PARTITION', 0]])
  })
})

describe('DescribeTopicPartitions', () => {
  const describePage = (
    names: readonly string[],
    more: { limit?: number; cursor?: { topicName: string; partitionIndex: number } } = {},
  ) =>
    broker.ask(describeTopicPartitions, 0, {
      topics: names.map((name) => ({ name })),
      responsePartitionLimit: more.limit ?? 2000,
      cursor: more.cursor ?? null,
    })
  const page = ({ topics, nextCursor }: Awaited<ReturnType<typeof describePage>>) => ({
    topics: topics.map(({ name, errorCode, partitions }) => [
      name,
      errorName(errorCode),
      partitions.map(({ partitionIndex }) => partitionIndex),
    ]),
    nextCursor,
  })

  test('tells topics in the order of their names, each once', async () => {
    expect(page(await describePage(['parcels', 'unknown', 'orders', 'x y', 'orders']))).toEqual({
      topics: [
        ['orders', 'NONE', [0, 1, 2]],
        ['parcels', 'NONE', [0, 1]],
        ['unknown', 'UNKNOWN_TOPIC_OR_PARTITION', []],
        ['x y', 'INVALID_TOPIC_EXCEPTION', []],
      ],
      nextCursor: null,
    })
    expect((await describePage(['orders'])).topics[0]).toMatchObject({
      isInternal: false,
      topicAuthorizedOperations: 3576,
      partitions: [{ eligibleLeaderReplicas: [], lastKnownElr: [] }, {}, {}],
    })
  })

  test('ends a page within a topic or between two', async () => {
    const names = ['orders', 'parcels']
    expect(page(await describePage(names, { limit: 2 }))).toEqual({
      topics: [['orders', 'NONE', [0, 1]]],
      nextCursor: { topicName: 'orders', partitionIndex: 2 },
    })
    expect(page(await describePage(names, { limit: 3 }))).toEqual({
      topics: [['orders', 'NONE', [0, 1, 2]]],
      nextCursor: { topicName: 'parcels', partitionIndex: 0 },
    })
    expect(page(await describePage(names, { limit: 0, cursor: { topicName: 'orders', partitionIndex: 2 } }))).toEqual({
      topics: [['orders', 'NONE', [2]]],
      nextCursor: { topicName: 'parcels', partitionIndex: 0 },
    })
    expect(page(await describePage(names, { cursor: { topicName: 'orders', partitionIndex: 7 } })).topics).toEqual([
      ['orders', 'NONE', []],
      ['parcels', 'NONE', [0, 1]],
    ])
  })

  test('of all topics goes on behind a topic that is gone', async () => {
    const { topics } = page(await describePage([], { cursor: { topicName: 'ordersZ', partitionIndex: 1 } }))
    expect(topics.map(([name]) => name)).toEqual(['parcels'])
  })

  test('refuses a cursor that names no topic of the request, or no partition', async () => {
    const refused = await describePage(['orders'], { cursor: { topicName: 'parcels', partitionIndex: 0 } })
    expect(page(refused).topics).toEqual([['orders', 'INVALID_REQUEST', []]])
    const negative = await describePage(['orders'], { cursor: { topicName: 'orders', partitionIndex: -1 } })
    expect(page(negative).topics).toEqual([['orders', 'INVALID_REQUEST', []]])
  })
})
